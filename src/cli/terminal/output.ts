/** Where a command's words go: data on stdout, everything else on stderr. */
import { once } from 'node:events';
import { createLogUpdate } from 'log-update';
import { printableJson } from '../../domain/printable.js';
import { withIsoTimes } from '../isoTimes.js';
import { createPaint, type Paint, toTerminal } from '../render/paint.js';

/** Version of every JSON document; see docs/json-output.md. */
const JSON_VERSION = 1;

export interface Output {
  readonly format: 'human' | 'json';
  readonly verbose: boolean;
  readonly paint: Paint;
  /** The command's data, once. JSON: one line on stdout. */
  result(data: object, human: () => string): void;
  /** Resolves once stdout takes more: a reader may be slow, and results long. */
  ready(): Promise<void>;
  /** What a person may want to know meanwhile, on stderr. */
  note(text: string): void;
  /** A part of the terminal that is rewritten in place; undefined where stderr is no terminal or JSON is asked for. */
  readonly live?: LiveRegion;
}

export interface LiveRegion {
  readonly columns: number;
  show(text: string): void;
  /** Removes what is shown. */
  clear(): void;
  /** Leaves what is shown, and goes on below. */
  keep(): void;
}

export interface OutputOptions {
  readonly command: string;
  readonly format: 'human' | 'json';
  readonly verbose: boolean;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly writableNeedDrain?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** NO_COLOR and FORCE_COLOR decided before; a stream that is no terminal gets none by default. */
  readonly colour: boolean;
  /** How this program is called here: `chatlio-aep`, or `npm run client --` in a checkout. */
  readonly program: string;
}

/** A text for the terminal, its commands as a person types them here. */
export function asCalledHere(text: string, program: string): string {
  return toTerminal(text.replaceAll(/\bchatlio-aep (?=[a-z-])/g, `${program} `));
}

export function createOutput(options: OutputOptions): Output {
  const { command, format, verbose, stdout, stderr, colour } = options;
  const asCalled = (text: string): string => asCalledHere(text, options.program);
  return {
    format,
    verbose,
    paint: createPaint(colour),
    result(data, human) {
      const text =
        format === 'json'
          ? printableJson(JSON.stringify(withIsoTimes({ v: JSON_VERSION, command, ...data })))
          : asCalled(human());
      stdout.write(`${text}\n`);
    },
    async ready() {
      if (stdout.writableNeedDrain === true) await once(stdout, 'drain');
    },
    note(text) {
      stderr.write(`${asCalled(text)}\n`);
    },
    ...(format === 'human' && stderr.isTTY === true ? { live: createLiveRegion(stderr, asCalled) } : {}),
  };
}

function createLiveRegion(stderr: OutputOptions['stderr'], asCalled: (text: string) => string): LiveRegion {
  const update = createLogUpdate(stderr);
  return {
    get columns() {
      return stderr.columns ?? 80;
    },
    show: (text) => {
      update(asCalled(text));
    },
    clear: () => {
      update.clear();
      update.done();
    },
    keep: () => {
      update.done();
    },
  };
}
