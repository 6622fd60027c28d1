/** The counting inlet as a process, and what it has seen. */
import { type Program, startProgram } from './processes.js';
import type { Programs } from '../../scripts/buildPrograms.js';

interface InletReport {
  readonly received: number;
  /** Without a number of this run. */
  readonly foreign: number;
  readonly distinct: number;
  /** Events that came more than once. */
  readonly repeated: number;
  /** Of the last answer, milliseconds since the epoch by the monotonic clock. */
  readonly lastMs: number;
}

interface Expectation {
  readonly run: number;
  readonly events: number;
  /** Before each answer. */
  readonly delayMs?: number;
  /** Each so many-th request is answered after so long. */
  readonly hang?: Hang;
}

export interface Hang {
  readonly every: number;
  readonly ms: number;
}

export interface CountingInlet {
  readonly url: string;
  /** Stands for Adobe's token service and Flow Service. */
  readonly adobeUrl: string;
  readonly pid: number;
  /** Counts anew. */
  expect(expectation: Expectation): Promise<void>;
  /** Refuses connections, until it opens again. */
  close(): Promise<void>;
  open(): Promise<void>;
  report(): Promise<InletReport>;
  /** For each event, how often it came. */
  counts(): Promise<Uint8Array>;
  /** For each event, when it was answered first. */
  times(): Promise<Float64Array>;
  /** For each event, of which partition of so many it is. */
  partitions(of: number): Promise<Uint8Array>;
  stop(): Promise<void>;
}

export async function startCountingInlet(programs: Programs, logFile: string): Promise<CountingInlet> {
  const program: Program = await startProgram({
    programs,
    entry: 'bench/countingInlet',
    logFile,
    ready: /(inlet \d+ admin \d+)/,
  });
  const [inletPort, adminPort] = program.said.match(/\d+/g) ?? [];
  const base = `http://127.0.0.1:${adminPort}`;
  const post = async (path: string, body: object = {}): Promise<void> => {
    await (await fetch(`${base}${path}`, { method: 'POST', body: JSON.stringify(body) })).arrayBuffer();
  };
  const bytes = async (path: string) => (await fetch(`${base}${path}`)).arrayBuffer();
  return {
    url: `http://127.0.0.1:${inletPort}/collection/bench`,
    adobeUrl: base,
    pid: program.pid,
    expect: ({ run, events, delayMs = 0, hang }) => post('/expect', { run, events, delayMs, hang }),
    open: () => post('/open'),
    close: () => post('/close'),
    report: async () => (await (await fetch(`${base}/report`)).json()) as InletReport,
    counts: async () => new Uint8Array(await bytes('/counts')),
    times: async () => new Float64Array(await bytes('/times')),
    async partitions(of) {
      return Uint8Array.from(new Uint32Array(await bytes('/ids')), (idStart) => idStart % of);
    },
    stop: () => program.stop(),
  };
}
