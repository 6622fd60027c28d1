/** The ceiling as a process in front of a stack's inlet: `bench/ceiling.ts`. */
import { BENCH_KINDS } from './events.js';
import type { LoadTarget } from './load.js';
import { logFileIn, startProgram } from './processes.js';
import type { Stack } from './stack.js';
import type { ProcessGroup } from './usage.js';

export interface Ceiling {
  readonly targets: readonly LoadTarget[];
  readonly groups: readonly ProcessGroup[];
  stop(): Promise<void>;
}

export async function startCeiling(stack: Stack): Promise<Ceiling> {
  const program = await startProgram({
    programs: stack.programs,
    entry: 'bench/ceiling',
    args: [stack.inlet.url, '0'],
    logFile: logFileIn(stack.dir, 'ceiling'),
    ready: /listening on (\d+)/,
  });
  const paths = Object.fromEntries(BENCH_KINDS.map((kind) => [kind, '/']));
  const targets: LoadTarget[] = [{ host: '127.0.0.1', port: Number(program.said), paths }];
  const inlet = { name: 'inlet', pids: [stack.inlet.pid] };
  return { targets, groups: [{ name: 'proxy', pids: [program.pid] }, inlet], stop: () => program.stop() };
}
