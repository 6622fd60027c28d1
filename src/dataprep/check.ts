/** What is wrong with an expression that a person has written: that of which Adobe would say nothing until events are lost. */
import { FUNCTIONS, METHODS } from './functions.js';
import { parseExpression } from './parse.js';
import { type Expression, partsOf } from './syntax.js';

export interface ExpressionFault {
  /** Each completes a sentence: "expected …", "got …". */
  readonly expected: string;
  readonly got: string;
  /** A name that is not known, and those that stand for choice in its place. */
  readonly unknown?: { readonly name: string; readonly known: readonly string[] };
}

/** The first fault in the order of the text, or undefined where there is none. */
export function faultOfExpression(source: string): ExpressionFault | undefined {
  const parsed = parseExpression(source);
  if (!parsed.ok) {
    const { expected, got, position } = parsed.fault;
    return { expected, got: `${got} at character ${position}` };
  }
  const open: Expression[] = [parsed.expression];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const fault = faultOfCall(next);
    if (fault !== undefined) return fault;
    open.push(...partsOf(next).toReversed());
  }
  return undefined;
}

function faultOfCall(expression: Expression): ExpressionFault | undefined {
  if (expression.kind !== 'call' && expression.kind !== 'method') return undefined;
  const { name, args } = expression;
  const known = expression.kind === 'call' ? FUNCTIONS : METHODS;
  const facts = known.get(name);
  if (facts === undefined) {
    const expected =
      expression.kind === 'call' ? 'a function of Data Prep' : 'equals, equalsIgnoreCase or get after a value';
    return { expected, got: `${name}(…)`, unknown: { name, known: [...known.keys()] } };
  }
  if (args.length < facts.least || args.length > facts.most) {
    return { expected: `${name} with ${argumentsText(facts.least, facts.most)}`, got: String(args.length) };
  }
  if (facts.ofPath === true && (args[0]?.kind !== 'literal' || typeof args[0].value !== 'string')) {
    return { expected: `${name} with the path of a field in quotes`, got: 'something else' };
  }
  return undefined;
}

function argumentsText(least: number, most: number): string {
  if (least === most) return least === 1 ? '1 argument' : `${least} arguments`;
  return most === Number.POSITIVE_INFINITY ? `${least} or more arguments` : `${least} to ${most} arguments`;
}
