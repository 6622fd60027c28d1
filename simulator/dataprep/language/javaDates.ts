/** Dates in the patterns of java.text.SimpleDateFormat, which Data Prep's date functions take. All instants print in UTC. */

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

type PatternPart =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'field'; readonly letter: string; readonly width: number };

const PART = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/gy;
const KNOWN_LETTERS = 'yuMdHhmsSaEXZzDkK';

/** The pattern is none that Java's formatter takes. */
export class DatePatternError extends Error {}

function readPattern(pattern: string): readonly PatternPart[] {
  const parts: PatternPart[] = [];
  let covered = 0;
  for (const match of pattern.matchAll(PART)) {
    covered += match[0].length;
    const [whole, quoted, letter] = match;
    if (letter !== undefined) {
      if (!KNOWN_LETTERS.includes(letter)) throw new DatePatternError(`Illegal pattern character '${letter}'`);
      parts.push({ kind: 'field', letter, width: whole.length });
    } else {
      // Two quotes are one, inside quotes and outside.
      parts.push({
        kind: 'literal',
        text: quoted === undefined ? whole : quoted === '' ? "'" : quoted.replaceAll("''", "'"),
      });
    }
  }
  if (covered !== pattern.length) throw new DatePatternError('Unterminated quote');
  return parts;
}

type Fields = { [letter: string]: number };

/** How one field is read: the text it matches, and what the text means. */
function fieldReader(letter: string, width: number): { source: string; read: (text: string, into: Fields) => void } {
  const number = (source: string, read: (value: number) => number = (value) => value) => ({
    source,
    read: (text: string, into: Fields) => {
      into[letter] = read(Number(text));
    },
  });
  const digits = width === 1 ? String.raw`\d{1,2}` : String.raw`\d{${width}}`;
  const oneOf = (names: readonly string[], offset: number) => ({
    source: names.flatMap((name) => [name, name.slice(0, 3)]).join('|'),
    read: (text: string, into: Fields) => {
      into[letter] =
        names.findIndex((name) => name.slice(0, 3).toLowerCase() === text.slice(0, 3).toLowerCase()) + offset;
    },
  });
  switch (letter) {
    case 'y':
    case 'u':
      return width === 2
        ? number(String.raw`\d{2}`, (year) => (year < 70 ? 2000 : 1900) + year)
        : number(String.raw`\d{4}`);
    case 'M':
      return width >= 3 ? oneOf(MONTHS, 1) : number(digits);
    case 'S':
      return number(String.raw`\d{${width}}`, (fraction) => Math.trunc(fraction * 10 ** (3 - width)));
    case 'a':
      return {
        source: 'AM|PM',
        read: (text, into) => {
          into['a'] = text.toUpperCase() === 'PM' ? 12 : 0;
        },
      };
    case 'E':
      return oneOf(DAYS, 0);
    case 'X':
    case 'Z':
    case 'z':
      return { source: zoneSource(letter, width), read: readZone };
    case 'D':
      return number(String.raw`\d{1,3}`);
    default:
      return number(digits);
  }
}

function zoneSource(letter: string, width: number): string {
  if (letter === 'z') return String.raw`UTC|GMT|Z|(?:GMT)?[+-]\d{2}:?\d{2}`;
  if (letter === 'Z') return String.raw`[+-]\d{4}`;
  if (width === 1) return String.raw`Z|[+-]\d{2}(?:\d{2})?`;
  return width === 2 ? String.raw`Z|[+-]\d{4}` : String.raw`Z|[+-]\d{2}:\d{2}`;
}

function readZone(text: string, into: Fields): void {
  const offset = /([+-])(\d{2}):?(\d{2})?/.exec(text);
  const minutes = offset === null ? 0 : Number(offset[2]) * 60 + Number(offset[3] ?? 0);
  into['X'] = offset?.[1] === '-' ? -minutes : minutes;
}

function instantOf(fields: Fields): Date | undefined {
  const { y, u, M = 1, d = 1, D, H, k, h, K, a = 0, m = 0, s = 0, S = 0, X = 0 } = fields;
  const year = y ?? u ?? 1970;
  const half = h === undefined ? K : h % 12;
  const hour = H ?? (k === undefined ? undefined : k % 24) ?? (half === undefined ? 0 : half + a);
  const [month, day] = D === undefined ? [M - 1, d] : [0, D];
  const isReal =
    month >= 0 &&
    month < 12 &&
    day >= 1 &&
    hour < 24 &&
    m < 60 &&
    s < 60 &&
    day <= (D === undefined ? daysIn(year, month) : 366);
  return isReal ? new Date(Date.UTC(year, month, day, hour, m, s, S) - X * 60_000) : undefined;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
}

const parsers = new Map<string, (text: string) => Date | undefined>();

/**
 * @returns a reader for one pattern; it answers undefined for text that does not fit
 * @throws DatePatternError
 */
export function dateParser(pattern: string): (text: string) => Date | undefined {
  const known = parsers.get(pattern);
  if (known !== undefined) return known;
  const readers: ((text: string, into: Fields) => void)[] = [];
  const source = readPattern(pattern).map((part) => {
    if (part.kind === 'literal') return part.text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    const reader = fieldReader(part.letter, part.width);
    readers.push(reader.read);
    return `(${reader.source})`;
  });
  const expression = new RegExp(`^${source.join('')}$`, 'i');
  const parser = (text: string): Date | undefined => {
    const match = expression.exec(text);
    if (match === null) return undefined;
    const fields: Fields = {};
    readers.forEach((read, index) => read(match[index + 1] ?? '', fields));
    return instantOf(fields);
  };
  parsers.set(pattern, parser);
  return parser;
}

function formatField(letter: string, width: number, at: Date): string {
  const pad = (value: number): string => String(value).padStart(width, '0');
  switch (letter) {
    case 'y':
    case 'u':
      return width === 2 ? String(at.getUTCFullYear() % 100).padStart(2, '0') : pad(at.getUTCFullYear());
    case 'M': {
      const name = MONTHS[at.getUTCMonth()] ?? '';
      return width < 3 ? pad(at.getUTCMonth() + 1) : width === 3 ? name.slice(0, 3) : name;
    }
    case 'd':
      return pad(at.getUTCDate());
    case 'D':
      return pad(Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / 86_400_000) + 1);
    case 'H':
      return pad(at.getUTCHours());
    case 'k':
      return pad(at.getUTCHours() || 24);
    case 'h':
      return pad(at.getUTCHours() % 12 || 12);
    case 'K':
      return pad(at.getUTCHours() % 12);
    case 'm':
      return pad(at.getUTCMinutes());
    case 's':
      return pad(at.getUTCSeconds());
    case 'S':
      return String(at.getUTCMilliseconds()).padStart(3, '0').padEnd(width, '0').slice(0, width);
    case 'a':
      return at.getUTCHours() < 12 ? 'AM' : 'PM';
    case 'E': {
      const name = DAYS[at.getUTCDay()] ?? '';
      return width < 4 ? name.slice(0, 3) : name;
    }
    case 'X':
      return 'Z';
    case 'Z':
      return '+0000';
    default:
      return 'UTC';
  }
}

/** @throws DatePatternError */
export function formatDate(at: Date, pattern: string): string {
  return readPattern(pattern)
    .map((part) => (part.kind === 'literal' ? part.text : formatField(part.letter, part.width, at)))
    .join('');
}

/** The ISO members of Data Prep's list for automatic conversion: three fractional digits, or none and a plain Z. */
const AUTOMATIC_PATTERNS = ["yyyy-MM-dd'T'HH:mm:ss.SSSX", "yyyy-MM-dd'T'HH:mm:ss'Z'"];

/** Automatic string to date conversion ("Data handling" page): undefined where Data Prep does not recognise the form. */
export function automaticDate(text: string): Date | undefined {
  for (const pattern of AUTOMATIC_PATTERNS) {
    const found = dateParser(pattern)(text);
    if (found !== undefined) return found;
  }
  return undefined;
}
