import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { describe, expect, it, vi } from 'vitest';
import type { RecordedOperation } from '../../src/domain/history.js';
import { manifestFixture } from '../support/manifest.js';
import { createFakeSteps } from './fakeSteps.js';
import { failAt, PATIENCE, refuse, type Running, withSources } from './sources.js';

const { withSource } = withSources();

const inShort = ({ kind, by, why, input, result, code, step }: RecordedOperation) =>
  JSON.parse(JSON.stringify({ kind, by, why, input, result, code, step })) as object;
const send = ({ handle }: Running, update: string, input: object) => handle.executeUpdate(update, { args: [input] });

describe('the record of a source', () => {
  it('says who did what and with which result, from the first hold to the teardown', async () => {
    const fake = failAt('schema', refuse);
    fake.script.set('openGate', [refuse]);
    await withSource(
      fake,
      async (running) => {
        await running.reaches('held');
        await send(running, 'resume', { adopt: true, by: 'ben' });
        await running.reaches('live');
        await send(running, 'pause', { by: 'ana', reason: 'maintenance' });
        await send(running, 'pause', { by: 'ben' });
        await expect(send(running, 'unpause', { by: 'ana' })).rejects.toThrow(WorkflowUpdateFailedError);
        const { delivery } = manifestFixture({ delivery: { concurrency: 3 } });
        await send(running, 'configure', { delivery, by: 'ana' });
        await running.handle.cancel();
        await expect(running.handle.result()).rejects.toThrow(WorkflowFailedError);
      },
      { by: 'mia' },
    );
    expect(fake.recorded.map(inShort)).toEqual([
      { kind: 'provision', result: 'held', code: 'CAEP_ADOBE_REFUSED', step: 'schema' },
      { kind: 'resume', by: 'ben', input: { adopt: true }, result: 'done' },
      { kind: 'provision', by: 'mia', result: 'done' },
      { kind: 'pause', by: 'ana', why: 'maintenance', result: 'done' },
      { kind: 'pause', by: 'ben', result: 'unchanged' },
      { kind: 'unpause', by: 'ana', result: 'refused', code: 'CAEP_ADOBE_REFUSED' },
      { kind: 'configure', by: 'ana', input: { changed: ['delivery.concurrency'] }, result: 'done' },
      { kind: 'teardown', result: 'done' },
    ]);
    for (const { startedAt, endedAt } of fake.recorded) expect(endedAt).toBeGreaterThanOrEqual(startedAt);
  });

  it('tells of a provisioning that was aborted, before the workflow ends', async () => {
    const fake = failAt('schema', refuse);
    await withSource(fake, async (running) => {
      await running.reaches('held');
      await send(running, 'abort', { by: 'ana', reason: 'wrong sandbox' });
      await expect(running.handle.result()).rejects.toThrow(WorkflowFailedError);
    });
    expect(fake.recorded.map(inShort)).toEqual([
      { kind: 'provision', result: 'held', code: 'CAEP_ADOBE_REFUSED', step: 'schema' },
      { kind: 'abort', by: 'ana', why: 'wrong sandbox', result: 'done' },
      { kind: 'provision', result: 'aborted' },
    ]);
  });

  it('delays no operation while it cannot be written, and is written later, in order', async () => {
    let release: () => void = () => undefined;
    const away = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fake = createFakeSteps();
    fake.script.set('recordOperation', [
      async () => {
        await away;
        throw new Error('the database is away');
      },
    ]);
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await send(running, 'pause', { by: 'ana' });
      expect(fake.recorded).toEqual([]);
      release();
      await vi.waitFor(() => expect(fake.recorded.map(({ kind }) => kind)).toEqual(['provision', 'pause']), PATIENCE);
    });
  });
});
