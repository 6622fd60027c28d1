import { expect, test } from 'vitest';
import { DEFAULT_CREDENTIALS } from '../../../simulator/ims/credentials.js';
import { spawnEntry, temporaryFolder } from '../../support/processes.js';
import { type Body, canonicalEvent, makeSource, newEventId, platformClient } from './harness.js';

const DEADLINE_MS = 90_000;

async function startProcess(dataDir: string, port: number) {
  const policy = ['flowActivationDelayMs=0', 'settleWindowMs=0', 'lakeDelayMs=200'].flatMap((row) => ['--policy', row]);
  const args = ['--port', String(port), '--data-dir', dataDir, '--output', 'json', ...policy];
  const program = spawnEntry('simulator/main', args, {});
  await program.waitFor(/"msg":"ready".*\n/);
  const ready =
    program
      .output()
      .split('\n')
      .find((line) => line.includes('"msg":"ready"')) ?? '';
  return { program, baseUrl: (JSON.parse(ready) as { baseUrl: string }).baseUrl };
}

test(
  'what was answered 200 is there after SIGKILL under load, each event once',
  async () => {
    const dataDir = temporaryFolder();
    const first = await startProcess(dataDir, 0);
    const { baseUrl } = first;
    const platform = await platformClient(baseUrl, DEFAULT_CREDENTIALS, 'prod');
    const advance = async (advanceMs: number) => void (await platform('POST', '/__sim/api/clock', { advanceMs }));
    const source = await makeSource({ platform, advance }, { awaitSettleWindow: false });

    const accepted: string[] = [];
    const killed = new AbortController();
    const senders = Array.from({ length: 8 }, async () => {
      while (!killed.signal.aborted) {
        const eventId = newEventId();
        const answer = await source.post(canonicalEvent(eventId)).catch(() => undefined);
        if (answer?.status === 200) accepted.push(eventId);
      }
    });
    // Some have landed, some wait, some are on the wire.
    await expect.poll(() => accepted.length, { timeout: DEADLINE_MS }).toBeGreaterThan(200);
    await first.program.end('SIGKILL');
    killed.abort();
    await Promise.all(senders);

    const second = await startProcess(dataDir, Number(new URL(baseUrl).port));
    const truth = async () => (await platform('GET', '/__sim/api/truth?limit=100000')).json;
    await expect.poll(async () => (await truth()).totals[0].pending, { timeout: DEADLINE_MS }).toBe(0);
    const { events } = await truth();
    const rows = new Map<string, number>(events.map((event: Body) => [event.eventId, event.rows]));
    expect(accepted.filter((eventId) => rows.get(eventId) !== 1)).toEqual([]);
    expect([...rows.values()].every((count) => count === 1)).toBe(true);
    await second.program.end('SIGTERM');
  },
  2 * DEADLINE_MS,
);
