/** `demo`, everything of it killed in the middle and started again: it must end with exactly one of everything. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '../../src/dev/ledger.js';
import { entryCommand } from '../../src/process/programs/entry.js';
import { isRunning } from '../../src/process/programs/identity.js';
import { endOnInterruption } from '../stack/interruption.js';
import type { CellResult } from '../stack/result.js';

/** What the demo has just printed when everything is killed. */
const MOMENTS: Readonly<Record<string, RegExp>> = {
  'while the field group is being made': /Posting|field.group/i,
  'after the dataset': /dataset: made/,
  'after the flow': /flow: made/,
  'while webhooks are being posted': /Posting one webhook of each kind/,
  'when the first event has landed': / landed/,
};

const TIMEOUT_MS = 240_000;

export const DEMO_CELLS = Object.keys(MOMENTS).map((moment) => `demo / killed ${moment}`);

export async function runDemoCell(name: string): Promise<CellResult> {
  const startedAt = performance.now();
  const home = mkdtempSync(join(tmpdir(), 'chatlio-aep-chaos-demo-'));
  const faults: string[] = [];
  const ended = endOnInterruption(() => killLedger(home));
  try {
    const moment = MOMENTS[name.replace('demo / killed ', '')] ?? /./;
    const first = startDemo(home);
    if (await first.printed(moment)) killEverything(first.child, home);
    else faults.push('the demo ended, or took too long, before it could be killed');
    await first.ended;
    if (faults.length === 0) faults.push(...(await faultsOfSecondRun(home)));
  } finally {
    ended();
    killLedger(home);
    rmSync(home, { recursive: true, force: true });
  }
  const [what, operation] = ['everything killed in the middle of the demo, demo again', 'provision'];
  return { what, operation, name, faults, durationMs: performance.now() - startedAt };
}

async function faultsOfSecondRun(home: string): Promise<string[]> {
  const second = startDemo(home);
  const code = await second.ended;
  const text = second.output();
  const ones = text.match(/✔ .* 1 ×/g)?.length ?? 0;
  const faults = [];
  if (code !== 0) faults.push(`the second demo ended with ${code}: ${text.trim().split('\n').slice(-6).join(' | ')}`);
  if (ones !== 7 + 5) faults.push(`${ones} lines of exactly one, expected 7 objects and 5 events`);
  return faults;
}

function startDemo(home: string) {
  const { file, args } = entryCommand('src/client');
  const foreign = /^(ADOBE_|CHATLIO_AEP_|RECEIVER_|TEMPORAL_|DATABASE_(DIRECT_|MIGRATOR_)?URL$)/;
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([variable]) => !foreign.test(variable))),
    CHATLIO_AEP_HOME: home,
    NO_COLOR: '1',
  };
  const child = spawn(file, [...args, 'demo'], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += String(chunk)));
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  const timer = setTimeout(() => killEverything(child, home), TIMEOUT_MS);
  void ended.finally(() => clearTimeout(timer));
  const printed = (pattern: RegExp) =>
    new Promise<boolean>((resolve) => {
      const look = () => {
        if (pattern.test(text)) resolve(true);
      };
      for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
      child.once('close', () => resolve(false));
    });
  return { child, ended, printed, output: () => text };
}

function killEverything(child: ChildProcess, home: string): void {
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  killLedger(home);
}

/** The servers lead process groups of their own. */
function killLedger(home: string): void {
  const file = join(home, 'demo', 'dev', 'processes.json');
  if (!existsSync(file)) return;
  for (const entry of openLedger(file, () => undefined).entries())
    if (isRunning(entry)) process.kill(-entry.pid, 'SIGKILL');
}
