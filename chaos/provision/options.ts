/** The command line of the chaos run. */
import { parseArgs } from 'node:util';
import { type On, ON_USAGE, readOn } from '../stack/temporal.js';

export interface Options {
  readonly seed: number;
  readonly only: RegExp;
  /** Of all cells, drawn by the seed. */
  readonly share: number;
  readonly lanes: number;
  readonly on: On;
  /** Without ending: `.md` and `.json` are written beside each other. */
  readonly report?: string;
}

const QUICK_SHARE = 1 / 8;

export const USAGE = `npm run chaos:provision -- [--seed N] [--only PATTERN] [--quick] [--lanes N] [--on TEMPORAL] [--report FILE]
  --seed    draws order, moments and, with --quick, the cells; default: drawn, and printed
  --only    regular expression on the names of the cells
  --quick   an eighth of the cells
  --lanes   parts that run at the same time, each on a stack of its own; default 2
  --on      ${ON_USAGE}; default dev-server
  --report  writes FILE.md and FILE.json`;

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      only: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
      lanes: { type: 'string', default: '2' },
      on: { type: 'string', default: 'dev-server' },
      report: { type: 'string' },
    },
  });
  return {
    seed: wholeNumber('seed', values.seed ?? String(Date.now() % 1_000_000)),
    only: new RegExp(values.only),
    share: values.quick ? QUICK_SHARE : 1,
    lanes: wholeNumber('lanes', values.lanes),
    on: readOn(values.on),
    report: values.report,
  };
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new Error(`--${name} must be a whole number, got ${text}`);
  return number;
}
