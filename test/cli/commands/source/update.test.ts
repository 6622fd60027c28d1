import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { update } from '../../../../src/cli/commands/source/update.js';
import { codedError } from '../../../../src/domain/errors.js';
import type { Sources } from '../../../../src/temporal/sources/port.js';
import { sealFor } from '../../../../src/temporal/sealedAnswer.js';
import type { SourceState } from '../../../../src/domain/source/source.js';
import type { UpdateInput, UpdateResult } from '../../../../src/domain/source/update.js';
import { ACCESS_KEY, fakeSources, fakeWorld, HELD, LIVE, MANIFEST_TEXT, NOW, sourceRun } from '../../fakes.js';

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chatlio-aep-update-'));
  file = join(folder, 'chat.yaml');
  await writeFile(file, `${MANIFEST_TEXT}\ncontents: full\n`);
});
afterAll(() => rm(folder, { recursive: true }));

/** A live source on which the update ends like this. */
function updating(result: () => Promise<UpdateResult>, later: SourceState = LIVE) {
  const inputs: UpdateInput[] = [];
  const states = [LIVE];
  return {
    inputs,
    sources: fakeSources({
      describe: () => Promise.resolve(sourceRun()),
      state: () => Promise.resolve(states.shift() ?? later),
      update: (_name, input) => {
        inputs.push(input);
        return Promise.resolve({ result });
      },
    }),
  };
}

const DONE: UpdateResult = {
  v: 1,
  changed: true,
  fields: ['messages', 'traits'],
  mappingVersion: 1,
  opensAt: new Date(NOW + 300_000).toISOString(),
};

describe('update', () => {
  it('hands the parsed manifest over and says what has changed and when events are sent', async () => {
    const { inputs, sources } = updating(() => Promise.resolve(DONE));
    const world = fakeWorld(sources);
    expect(await update(world.context, { file })).toBe(0);
    expect(inputs).toMatchObject([{ manifest: { name: 'support-chat', contents: 'full' } }]);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "✔ support-chat is as the manifest says.

        new XDM fields  messages, traits
        mapping set     version 1
        contents        full
        sending         events are taken now, and sent from 2026-11-21 10:45:00Z on (in 5m 00s)
      "
    `);
  });

  it('prints one JSON document', async () => {
    const world = fakeWorld(updating(() => Promise.resolve(DONE)).sources, { format: 'json', command: 'update' });
    expect(await update(world.context, { file })).toBe(0);
    expect(JSON.parse(world.stdout())).toMatchObject({
      command: 'update',
      name: 'support-chat',
      changed: true,
      fields: ['messages', 'traits'],
      mappingVersion: 1,
      contents: 'full',
    });
  });

  it('says that nothing was changed', async () => {
    const world = fakeWorld(updating(() => Promise.resolve({ v: 1, changed: false, fields: [] })).sources);
    expect(await update(world.context, { file })).toBe(0);
    expect(world.stdout()).toBe('support-chat already has this manifest. Nothing was changed.\n');
  });

  it('shows the new webhook URLs, and names those that are not taken any more', async () => {
    const { sources } = updating(() => Promise.resolve({ v: 1, changed: true, fields: [] }));
    const widgets = join(folder, 'widgets.yaml');
    await writeFile(widgets, MANIFEST_TEXT.replace('main-site', 'shop'));
    const found = {
      webhooks: ['shop', 'other'].map((widget) => ({
        widget,
        kind: 'feedback',
        url: `https://hooks/${widget}/s3cret`,
        chatlioField: 'Feedback',
      })),
    };
    const ask = ({ sealTo }: { readonly sealTo: string }) =>
      Promise.resolve({ v: 1, sealed: sealFor(ACCESS_KEY, sealTo, JSON.stringify(found)) });
    const world = fakeWorld({ ...sources, ask: ask as unknown as Sources['ask'] });
    expect(await update(world.context, { file: widgets })).toBe(0);
    const shown = world.stdout();
    expect(shown).toContain('https://hooks/shop/s3cret');
    expect(shown).not.toContain('other');
    expect(shown).toContain('Not taken any more: main-site new-conversation');
  });

  it('says that sending awaits an unpause', async () => {
    const paused = { ...DONE, opensAt: undefined };
    const world = fakeWorld(updating(() => Promise.resolve(paused)).sources);
    await update(world.context, { file });
    expect(world.stdout()).toContain('after `unpause`');
  });

  it('that is held ends with the reason and the commands, while the operation waits', async () => {
    const never = () => new Promise<UpdateResult>(() => undefined);
    const world = fakeWorld(updating(never, HELD).sources);
    await expect(update(world.context, { file })).rejects.toMatchObject({ error: { code: 'CAEP_SOURCE_HELD' } });
  });

  it('passes on what the source refuses', async () => {
    const refusal = codedError('CAEP_FIELDS_NOT_ADDABLE', { title: 'Chatlio', reason: 'tier' });
    const world = fakeWorld(updating(() => Promise.reject(refusal)).sources);
    await expect(update(world.context, { file })).rejects.toBe(refusal);
  });
});
