/** The command line of `chaos:life`. */
import { parseArgs } from 'node:util';
import { type On, ON_USAGE, readOn } from '../stack/temporal.js';

const PARTS = ['kills', 'meetings', 'sequences', 'lives'] as const;
type Part = (typeof PARTS)[number];

export interface Options {
  readonly seed: number;
  readonly sources: number;
  readonly parts: readonly Part[];
  readonly only: RegExp;
  /** At most so many, drawn by the seed. */
  readonly kills: number;
  /** Kills at the same time. */
  readonly wave: number;
  readonly on: On;
  readonly goesOn: boolean;
  readonly home: string;
}

/** Of some twelve hundred. */
const DEFAULT_KILLS = 144;
const DEFAULT_WAVE = 12;
const DEFAULT_HOME = '.chatlio-aep/chaos-life';

export const USAGE = `npm run chaos:life -- [--seed N] [--sources N] [--parts LIST] [--only PATTERN] [--kills N] [--wave N] [--on TEMPORAL] [--home DIR] [--continue]
  --seed      draws everything that is left to chance; default: drawn, and printed
  --sources   lives: provisioned, changed and torn down; default 100. So many sources, at most 12, have a random sequence
  --parts     of ${PARTS.join(', ')}; default all
  --only      regular expression on the names of the kills and meetings
  --kills     so many of the kills, drawn by the seed; default ${DEFAULT_KILLS}, all are about 1,200
  --wave      so many operations meet each kill, at most 13; default ${DEFAULT_WAVE}
  --on        ${ON_USAGE}; default dev-server
  --home      where the lives are kept; default ${DEFAULT_HOME}
  --continue  goes on with the lives in that folder where they were interrupted`;

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      sources: { type: 'string', default: '100' },
      parts: { type: 'string', default: PARTS.join(',') },
      only: { type: 'string', default: '' },
      kills: { type: 'string', default: String(DEFAULT_KILLS) },
      wave: { type: 'string', default: String(DEFAULT_WAVE) },
      on: { type: 'string', default: 'dev-server' },
      home: { type: 'string', default: DEFAULT_HOME },
      continue: { type: 'boolean', default: false },
    },
  });
  return {
    seed: wholeNumber('seed', values.seed ?? String(Date.now() % 1_000_000)),
    sources: wholeNumber('sources', values.sources),
    parts: values.continue ? ['lives'] : partsOf(values.parts),
    only: new RegExp(values.only),
    kills: wholeNumber('kills', values.kills),
    wave: wholeNumber('wave', values.wave),
    on: readOn(values.on),
    goesOn: values.continue,
    home: values.home,
  };
}

function partsOf(text: string): Part[] {
  const named = text.split(',');
  const unknown = named.filter((name) => !PARTS.some((part) => part === name));
  if (unknown.length > 0) throw new Error(`--parts has ${unknown.join(', ')}; there are ${PARTS.join(', ')}`);
  return PARTS.filter((part) => named.includes(part));
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new Error(`--${name} must be a whole number, got ${text}`);
  return number;
}
