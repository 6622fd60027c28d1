/** Takes secrets out of text that people, logs or Temporal may see. */

const MASKED = '***';

/** By shape, for secrets that nobody told us of: bearer tokens, JWTs, token answers, and inlet URLs (who has one can write data). */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/\bBearer\s+[^\s"',;]+/gi, `Bearer ${MASKED}`],
  [/\beyJ[\w-]{5,}(\.[\w-]*){0,2}/g, MASKED],
  [/("?(?:access_token|client_secret|compressedToken|token)"?\s*[:=]\s*"?)[^\s"&,}]+/g, `$1${MASKED}`],
  [/(\/collection\/(?:batch\/)?)[\w-]+/g, `$1${MASKED}`],
];

/** A secret shorter than this would mask ordinary words. */
const SHORTEST_SECRET = 6;

export function mask(text: string, secrets: readonly string[] = []): string {
  let masked = text;
  for (const secret of secrets) {
    if (secret.length < SHORTEST_SECRET) continue;
    masked = masked.replaceAll(secret, MASKED).replaceAll(encodeURIComponent(secret), MASKED);
  }
  for (const [shape, replacement] of SHAPES) masked = masked.replaceAll(shape, replacement);
  return masked;
}
