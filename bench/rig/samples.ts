/** What is used over time: readings at an interval, beside whatever runs. */
import type { Line } from '../report/plot.js';
import { type ProcessGroup, usageOf } from './usage.js';

const MEBIBYTE = 2 ** 20;

export interface MemorySamples {
  /** Stops reading. One line for each group: seconds since the start, MiB. */
  stop(): Line[];
}

export function sampleMemory(groups: readonly ProcessGroup[], everyMs = 2_000): MemorySamples {
  const startedMs = performance.now();
  const samples: { readonly seconds: number; readonly usage: ReturnType<typeof usageOf> }[] = [];
  const take = () => samples.push({ seconds: (performance.now() - startedMs) / 1_000, usage: usageOf(groups) });
  take();
  const timer = setInterval(take, everyMs);
  return {
    stop() {
      clearInterval(timer);
      take();
      return groups.map(({ name }, index) => ({
        name,
        points: samples.map(({ seconds, usage }) => [seconds, (usage[index]?.memoryBytes ?? 0) / MEBIBYTE] as const),
      }));
    },
  };
}
