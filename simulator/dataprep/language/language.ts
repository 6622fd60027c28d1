/** `/languages/el`: what the expression language knows, and whether an expression can be read. Bodies are ASSUMED. */
import type { Context } from '../../context.js';
import { placeholderFamily, Refusal } from '../../errorFamilies.js';
import { isJsonObject } from '../../values/json.js';
import { compileSource, ExpressionMeaningError } from './compile.js';
import { FUNCTIONS } from './functions/index.js';
import { OPERATORS } from './syntax.js';
import { ExpressionSyntaxError } from './tokens.js';

const LANGUAGE = '/data/foundation/conversion/languages/el';

export function registerExpressionLanguage(context: Context): void {
  context.route({
    access: 'platform',
    family: placeholderFamily,
    name: 'dataprep.language.validate',
    method: 'POST',
    path: `${LANGUAGE}/validate`,
    handle(request) {
      const body = request.json();
      const expression = isJsonObject(body) ? (body['expression'] ?? body['source']) : body;
      if (typeof expression !== 'string') {
        throw new Refusal({ status: 400, title: 'BadRequestError', detail: 'expression must be a text' });
      }
      const failure = failureOf(expression);
      const errors = failure === undefined ? null : [{ exception: failure, source: expression }];
      return { status: 200, json: { status: failure === undefined ? 'SUCCESS' : 'FAILED', errors } };
    },
  });
  context.route({
    access: 'platform',
    family: placeholderFamily,
    name: 'dataprep.language.functions',
    method: 'GET',
    path: `${LANGUAGE}/functions`,
    handle: () => ({
      status: 200,
      json: Object.keys(FUNCTIONS)
        .sort()
        .map((name) => ({ name })),
    }),
  });
  context.route({
    access: 'platform',
    family: placeholderFamily,
    name: 'dataprep.language.operators',
    method: 'GET',
    path: `${LANGUAGE}/operators`,
    handle: () => ({ status: 200, json: OPERATORS.map((name) => ({ name })) }),
  });
}

function failureOf(expression: string): string | undefined {
  try {
    compileSource(expression);
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionSyntaxError || error instanceof ExpressionMeaningError) return error.message;
    throw error;
  }
}
