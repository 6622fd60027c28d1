/** Takes secrets out of what the journal keeps. */

const SECRET_FIELDS = /^(access_token|client_secret|client_assertion|token|password|authorization|refresh_token)$/i;
const MASK = '***';

/** Whoever holds an inlet's URL and its flow's id can write data, so its id is kept to its last four characters. */
function maskInlet(text: string): string {
  return text.replaceAll(/(\/collection\/(?:batch\/)?)[0-9a-f]{60}([0-9a-f]{4})/gi, `$1${MASK}$2`);
}

function maskValue(value: unknown): unknown {
  if (typeof value === 'string') return maskInlet(value);
  if (Array.isArray(value)) return value.map(maskValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, SECRET_FIELDS.test(name) ? MASK : maskValue(inner)]),
  );
}

function maskForm(form: URLSearchParams): string {
  return [...form].map(([name, value]) => `${name}=${SECRET_FIELDS.test(name) ? MASK : maskInlet(value)}`).join('&');
}

/** The path and query of a request. */
export function maskPath(path: string, query: URLSearchParams): string {
  return maskInlet(path) + (query.size === 0 ? '' : `?${maskForm(query)}`);
}

/** A body as the journal shows it: parsed and masked when it is JSON or a form, else its beginning. */
export function maskBody(text: string, contentType: string | undefined, longestChars = 8_192): unknown {
  if (text === '') return undefined;
  if (contentType?.includes('x-www-form-urlencoded') === true) return maskForm(new URLSearchParams(text));
  if (text.length <= longestChars) {
    try {
      return maskValue(JSON.parse(text));
    } catch {
      // Not JSON: shown as text.
    }
  }
  // A cut JSON text cannot be masked field by field, so only bodies without a secret's name are shown.
  return /access_token|client_secret|password/i.test(text) ? MASK : maskInlet(text.slice(0, longestChars));
}
