/** What processes use, as the kernel counts it: proc(5). */
import { readdirSync, readFileSync } from 'node:fs';

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Processes that are counted together, by their first one; its descendants belong to it. */
export interface ProcessGroup {
  readonly name: string;
  readonly pids: readonly number[];
}

export interface Usage {
  readonly name: string;
  readonly cpuSeconds: number;
  /** Proportional set size: pages that several processes share count once. */
  readonly memoryBytes: number;
}

export function usageOf(groups: readonly ProcessGroup[], withMemory = true): Usage[] {
  const table = readTable();
  return groups.map(({ name, pids }) => {
    const members = pids.flatMap((pid) => [pid, ...descendants(table, pid)]);
    const ticks = members.reduce((sum, pid) => sum + (table.get(pid)?.ticks ?? 0), 0);
    const memoryBytes = withMemory ? members.reduce((sum, pid) => sum + memoryOf(pid), 0) : 0;
    return { name, cpuSeconds: ticks / TICKS_PER_SECOND, memoryBytes };
  });
}

/** CPU seconds between two readings, by name. */
export function cpuBetween(before: readonly Usage[], after: readonly Usage[]): Map<string, number> {
  const earlier = new Map(before.map(({ name, cpuSeconds }) => [name, cpuSeconds]));
  return new Map(after.map(({ name, cpuSeconds }) => [name, cpuSeconds - (earlier.get(name) ?? 0)]));
}

/** CPU seconds of the whole machine that were not idle: what others have used shows as a difference. */
export function machineCpuSeconds(): number {
  const [, user, nice, system, , , irq, softirq, steal] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '')
    .split(/\s+/)
    .map(Number);
  return (
    [user, nice, system, irq, softirq, steal].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) / TICKS_PER_SECOND
  );
}

interface ProcessEntry {
  readonly parent: number;
  /** Own, and those of children that have ended and were waited for. */
  readonly ticks: number;
}

function readTable(): Map<number, ProcessEntry> {
  const table = new Map<number, ProcessEntry>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readOrNothing(`/proc/${pid}/stat`);
    if (stat === undefined) continue;
    // After the command's name, which may hold spaces and parentheses: field 3, the state.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + (fields[field] ?? 0), 0);
    table.set(pid, { parent: fields[1] ?? 0, ticks });
  }
  return table;
}

function descendants(table: ReadonlyMap<number, ProcessEntry>, pid: number): number[] {
  const children = [...table].filter(([, { parent }]) => parent === pid).map(([child]) => child);
  return children.flatMap((child) => [child, ...descendants(table, child)]);
}

function memoryOf(pid: number): number {
  const rollup = readOrNothing(`/proc/${pid}/smaps_rollup`);
  const kilobytes = rollup === undefined ? undefined : /^Pss:\s+(\d+)/m.exec(rollup)?.[1];
  return Number(kilobytes ?? 0) * 1_024;
}

/** Undefined when the process has just ended. */
function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
