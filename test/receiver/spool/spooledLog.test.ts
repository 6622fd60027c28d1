import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSpool } from '../../../src/receiver/spool/spool.js';
import { sourceOfSpooled } from '../../../src/receiver/spool/spooledEvent.js';
import { createSpooledLog } from '../../../src/receiver/spool/spooledLog.js';
import type { EventLog } from '../../../src/store/log/eventLog.js';
import type { TakenEvent } from '../../../src/store/log/takenEvent.js';
import { temporaryFolder } from '../../support/processes.js';
import { silentLog, takenEvent } from '../../support/store.js';

type Behaviour = (event: TakenEvent) => 'take' | 'hang' | Error;

async function spooledLog(behave: Behaviour, maxBytes = 1_000_000, segmentBytes?: number) {
  const logged: string[] = [];
  const eventLog: EventLog = {
    async append(_source, _partition, events) {
      for (const event of events) {
        const does = behave(event);
        if (does instanceof Error) throw does;
        if (does === 'hang') await new Promise(() => undefined);
      }
      logged.push(...events.map(nameOf));
      return events.map(() => 'logged' as const);
    },
    hold: () => Promise.reject(new Error('not in these tests')),
  };
  const folder = temporaryFolder();
  const spool = await openSpool({ folder, maxBytes, segmentBytes, sourceOf: sourceOfSpooled, log: silentLog });
  const log = createSpooledLog({ eventLog, spool, log: silentLog, appendTimeoutMs: 50, firstRetryMs: 5 });
  onTestFinished(() => log.close());
  return { log, spool, folder, logged };
}

const event = (name: string) => takenEvent(name, { sealed: Buffer.from(name) });
const nameOf = ({ sealed }: TakenEvent) => sealed.toString();

describe('the event log with a spool', () => {
  it('spools what the log is slow to take, and all that follows at once, then drains in order', async () => {
    let isSlow = true;
    let asked = 0;
    const { log, spool, logged } = await spooledLog(() => {
      asked += 1;
      if (!isSlow) return 'take';
      return asked === 1 ? 'hang' : new Error('away');
    });
    expect(await log.append(1, 0, [event('a')])).toEqual(['spooled']);
    expect(log.isLogAnswering()).toBe(false);
    expect(await log.append(1, 0, [event('b'), event('c')])).toEqual(['spooled', 'spooled']);
    isSlow = false;
    await expect.poll(() => spool.depth().records).toBe(0);
    expect(logged.filter((name, index) => logged.indexOf(name) === index)).toEqual(['a', 'b', 'c']);
    expect(await log.append(1, 0, [event('d')])).toEqual(['logged']);
  });

  it('keeps an event that the log refuses, and lets it keep no other from the log', async () => {
    const refusal = Object.assign(new Error('no partition'), { code: '02000' });
    let isAway = true;
    const { log, spool, logged } = await spooledLog((one) => {
      if (isAway) return new Error('away');
      return nameOf(one) === 'b' ? refusal : 'take';
    });
    for (const name of ['a', 'b', 'c']) await log.append(1, 0, [event(name)]);
    isAway = false;
    await expect.poll(() => [...new Set(logged)].sort()).toEqual(['a', 'c']);
    await expect.poll(() => spool.depth().records).toBe(1);
    expect(logged).not.toContain('b');
  });

  it('drains a full spool in which there is an event that the log refuses', async () => {
    const refusal = Object.assign(new Error('no partition'), { code: '02000' });
    let isAway = true;
    const behave: Behaviour = (one) => (isAway ? new Error('away') : nameOf(one) === '0' ? refusal : 'take');
    const { log, spool, logged } = await spooledLog(behave, 4_000);
    const taken: string[] = [];
    for (let name = 0; ; name += 1) {
      const isTaken = await log.append(1, 0, [event(String(name))]).then(
        () => taken.push(String(name)),
        () => 0,
      );
      if (isTaken === 0) break;
    }
    isAway = false;
    await expect.poll(() => spool.depth().records).toBe(1);
    expect(new Set(logged)).toEqual(new Set(taken.slice(1)));
  });

  it('drains on, and lets others work, where a segment that was read cannot be removed', async () => {
    let isAway = true;
    const { log, spool, folder, logged } = await spooledLog(() => (isAway ? new Error('away') : 'take'), 1_000_000, 1);
    for (const name of ['a', 'b', 'c']) await log.append(1, 0, [event(name)]);
    await spool.peek(1);
    await rm(join(folder, '0000000001.seg'));
    await mkdir(join(folder, '0000000001.seg', 'kept'), { recursive: true });
    isAway = false;
    await expect.poll(() => [...new Set(logged)]).toEqual(['a', 'b', 'c']);
    await expect.poll(() => spool.depth().records).toBe(0);
    expect(await log.append(1, 0, [event('d')])).toEqual(['logged']);
  });
});
