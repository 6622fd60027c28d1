/** Arbitrary expressions of Data Prep, and how one is written, by what its pages say of fields and texts alone. */
import * as fc from 'fast-check';
import type { Path, PathPart } from '../../src/dataprep/path.js';
import type { Expression } from '../../src/dataprep/syntax.js';

const RESERVED =
  /^(new|mod|or|break|var|lt|for|false|while|eq|gt|div|not|null|continue|else|and|ne|true|le|if|ge|return|_errors|do|function|empty|size)$/;

/** What may stand in an expression as it is; any other name stands in `${…}`. */
const PLAIN = /^[\p{L}_$][\p{L}\p{Nd}_$]*$/u;

function written(name: string): string {
  if (PLAIN.test(name) && !RESERVED.test(name)) return name;
  return `\${${name.replaceAll(/[.[\]\\{}$]/g, (character) => `\\${character}`)}}`;
}

export function pathWritten(path: Path): string {
  return path.map((part, place) => partWritten(part, place === 0)).join('');
}

function partWritten(part: PathPart, isFirst = false): string {
  if ('index' in part) return `[${part.index === 'every' ? '*' : part.index}]`;
  return `${isFirst ? '' : '.'}${written(part.name)}`;
}

const quoted = (text: string): string => `"${text.replaceAll(/[\\"]/g, String.raw`\$&`)}"`;
const listed = (expressions: readonly Expression[]): string => expressions.map(expressionWritten).join(', ');

/** Of whatever may follow or stand beside something else, in brackets, but for what needs none. */
function operand(expression: Expression): string {
  const { kind } = expression;
  return kind === 'unary' || kind === 'binary' || kind === 'choice'
    ? `(${expressionWritten(expression)})`
    : expressionWritten(expression);
}

export function expressionWritten(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return typeof expression.value === 'string' ? quoted(expression.value) : String(expression.value);
    case 'path':
      return pathWritten(expression.path);
    case 'array':
      return `[${listed(expression.items)}]`;
    case 'object':
      return `{${expression.entries.map(([key, value]) => `${operand(key)}: ${expressionWritten(value)}`).join(', ')}}`;
    case 'unary':
      return `${expression.operator} ${operand(expression.operand)}`;
    case 'binary':
      return `${operand(expression.left)} ${expression.operator} ${operand(expression.right)}`;
    case 'choice':
      return [expression.condition, ' ? ', expression.whenTrue, ' : ', expression.whenFalse]
        .map((part) => (typeof part === 'string' ? part : operand(part)))
        .join('');
    case 'call':
      return `${expression.name}(${listed(expression.args)})`;
    case 'method':
      return `${operand(expression.receiver)}.${expression.name}(${listed(expression.args)})`;
    case 'applied':
      return `${expressionWritten(expression.callee)}(${listed(expression.args)})`;
    case 'member':
      return `${operand(expression.object)}${partWritten(expression.part)}`;
    default:
      return `${operand(expression.object)}[${expressionWritten(expression.index)}]`;
  }
}

const anyName: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('visitor', 'UUID', 'email', 'messages', 'text', 'eventId', 'date', '_a$1', 'naïve'),
  },
  { weight: 1, arbitrary: fc.constantFrom('First Name', 'street.name', 'null', 'size', 'a[0]', '}', '${x}', 'b\\') },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 6, unit: 'binary' }) },
);

const anyPart: fc.Arbitrary<PathPart> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ name: anyName }) },
  { weight: 1, arbitrary: fc.record({ index: fc.oneof(fc.nat({ max: 999_999_999 }), fc.constant('every' as const)) }) },
);

export const anyPath: fc.Arbitrary<Path> = fc
  .tuple(fc.record({ name: anyName }), fc.array(anyPart, { maxLength: 3 }))
  .map(([first, rest]) => [first, ...rest]);

const anyLiteral: fc.Arbitrary<Expression> = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.nat(),
    fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(Math.abs),
    fc.boolean(),
    fc.constant(null),
  )
  .map((value) => ({ kind: 'literal', value }));

/** How a tree is put together, for one over known functions and one over anything. */
interface Names {
  readonly functions: fc.Arbitrary<string>;
  readonly methods: fc.Arbitrary<string>;
}

const OPERATORS = '?? ?: || or && and | ^ & == eq != ne =~ !~ < lt > gt <= le >= ge + - * / div % mod'.split(' ');

/** A value that can be called, or that has members, and is no path: a path with members is another path. */
const isPath = ({ kind }: Expression): boolean => kind === 'path';
const isLiteral = ({ kind }: Expression): boolean => kind === 'literal';

export function anyExpression({ functions, methods }: Names): fc.Arbitrary<Expression> {
  return fc.letrec<{ tree: Expression; call: Expression }>((tie) => {
    const tree = tie('tree');
    const args = fc.array(tree, { maxLength: 3 });
    const noPath = tree.filter((one) => !isPath(one));
    const call = fc.oneof(
      fc.record({ kind: fc.constant('call' as const), name: functions, args }),
      fc.record({ kind: fc.constant('method' as const), receiver: tree, name: methods, args }),
    );
    return {
      call,
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.record({ kind: fc.constant('path' as const), path: anyPath }),
        anyLiteral,
        call,
        fc.record({ kind: fc.constant('applied' as const), callee: tie('call'), args }),
        fc.record({ kind: fc.constant('array' as const), items: args }),
        fc.record({ kind: fc.constant('object' as const), entries: fc.array(fc.tuple(tree, tree), { maxLength: 2 }) }),
        fc.record({
          kind: fc.constant('unary' as const),
          operator: fc.constantFrom('!', 'not', '-', '+', '~', 'empty', 'size'),
          operand: tree,
        }),
        fc.record({
          kind: fc.constant('binary' as const),
          operator: fc.constantFrom(...OPERATORS),
          left: tree,
          right: tree,
        }),
        fc.record({ kind: fc.constant('choice' as const), condition: tree, whenTrue: tree, whenFalse: tree }),
        fc.record({ kind: fc.constant('member' as const), object: noPath, part: anyPart }),
        fc.record({
          kind: fc.constant('element' as const),
          object: tree,
          index: tree.filter((one) => !isLiteral(one)),
        }),
      ),
    };
  }).tree;
}

/** Every expression in a tree, itself first. */
export function within(expression: Expression): Expression[] {
  const inner = Object.values(expression).flatMap((value: unknown) => expressionsIn(value));
  return [expression, ...inner.flatMap(within)];
}

function expressionsIn(value: unknown): Expression[] {
  if (Array.isArray(value)) return value.flatMap(expressionsIn);
  return typeof value === 'object' && value !== null && 'kind' in value ? [value as Expression] : [];
}
