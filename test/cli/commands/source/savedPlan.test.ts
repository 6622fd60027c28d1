/** `plan --save` and `update --plan`: what is carried out is what was looked at, or nothing. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plan } from '../../../../src/cli/commands/source/plan.js';
import { update } from '../../../../src/cli/commands/source/update.js';
import type { PlanReport, SeenObject } from '../../../../src/domain/source/plan.js';
import type { SourceState } from '../../../../src/domain/source/source.js';
import type { UpdateInput } from '../../../../src/domain/source/update.js';
import { fakeSources, fakeWorld, HELD, LIVE, MANIFEST_TEXT, sourceRun } from '../../fakes.js';

let folder: string;
let file: string;
let saved: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chatlio-aep-saved-'));
  [file, saved] = [join(folder, 'chat.yaml'), join(folder, 'change.json')];
  await writeFile(file, `${MANIFEST_TEXT}dataset: {name: Other}\n`);
});
afterAll(() => rm(folder, { recursive: true }));

const SEEN: readonly SeenObject[] = [{ step: 'dataset', id: 'd-1', fields: [{ field: 'name', found: 'Chats' }] }];
const REPORT: PlanReport = {
  v: 1,
  name: 'support-chat',
  sandbox: 'prod',
  steps: [],
  mapping: [],
  problems: [],
  seen: SEEN,
};

function world(state: SourceState = LIVE, report: PlanReport = REPORT) {
  const inputs: UpdateInput[] = [];
  const sources = fakeSources({
    describe: () => Promise.resolve(sourceRun()),
    state: () => Promise.resolve(state),
    ask: () => Promise.resolve(report as never),
    update: (_name, input) => {
      inputs.push(input);
      return Promise.resolve({ result: () => Promise.resolve({ v: 1, changed: true, fields: [] }) });
    },
  });
  return { ...fakeWorld(sources), inputs };
}
const save = (...given: Parameters<typeof world>) => plan(world(...given).context, { file, save: saved });
const carryOut = (to = world()) => update(to.context, { file, plan: saved });

describe('a saved plan', () => {
  it('holds the manifest and all that was seen, for its owner’s eyes alone, and goes with the update', async () => {
    expect(await save()).toBe(2);
    const content = JSON.parse(await readFile(saved, 'utf8')) as object;
    expect(content).toMatchObject({
      chatlioAep: 'plan',
      v: 1,
      uid: LIVE.uid,
      manifest: { dataset: { name: 'Other' } },
    });
    expect((await stat(saved)).mode & 0o077).toBe(0);
    const to = world();
    expect(await carryOut(to)).toBe(0);
    expect(to.inputs[0]?.plan).toEqual({ v: 1, uid: LIVE.uid, running: LIVE.manifest, seen: SEEN });
  });

  it('is carried out without the manifest, which it holds; without either there is nothing to carry out', async () => {
    await save();
    const to = world();
    expect(await update(to.context, { plan: saved })).toBe(0);
    expect(to.inputs).toMatchObject([{ manifest: { dataset: { name: 'Other' } }, plan: { seen: SEEN } }]);
    await expect(update(world().context, {})).rejects.toMatchObject({ error: { code: 'CAEP_USAGE' } });
  });

  it('that cannot be written is named as it was given, with why', async () => {
    const inFile = join(file, 'change.json');
    const nowhere = join(folder, 'nowhere', 'change.json');
    const reasons = [
      [folder, 'it is a folder'],
      [inFile, 'a part of the path is a file, not a folder'],
      [nowhere, `there is no folder ${join(folder, 'nowhere')}`],
      ['/proc/x', 'no file can be made in /proc'],
    ] as const;
    for (const [path, reason] of reasons) {
      const refused = plan(world().context, { file, save: path });
      await expect(refused).rejects.toMatchObject({
        error: { code: 'CAEP_FILE_NOT_WRITTEN', fields: { path, reason } },
      });
    }
    expect(await readdir(folder)).not.toContain('nowhere');
  });

  it('holds what was asked to be made anew, and nothing else is', async () => {
    expect(await plan(world().context, { file, save: saved, newDataset: true })).toBe(2);
    const to = world();
    expect(await carryOut(to)).toBe(0);
    expect(to.inputs[0]).toMatchObject({ replace: 'dataset' });
    const other = update(world().context, { file, plan: saved, replace: true });
    await expect(other).rejects.toMatchObject({ error: { code: 'CAEP_USAGE' } });
  });

  it('is refused where the source was updated or made anew since, or the manifest says other things', async () => {
    await save();
    const other = { ...LIVE, manifest: { ...LIVE.manifest, dataset: { name: 'Third', tags: {} } } };
    const moved = (what: string) => ({
      error: { code: 'CAEP_PLAN_OUTDATED', fields: { moved: expect.stringContaining(what) as string } },
    });
    await expect(carryOut(world(other))).rejects.toMatchObject(moved('given other dataset.name since'));
    await expect(carryOut(world({ ...LIVE, uid: 'other' }))).rejects.toMatchObject(moved('made anew'));
    await writeFile(file, `${MANIFEST_TEXT}dataset: {name: Fourth}\n`);
    await expect(carryOut()).rejects.toMatchObject(moved('dataset.name'));
    await writeFile(file, `${MANIFEST_TEXT}dataset: {name: Other}\n`);
  });

  it('is refused where somebody has edited it, and where it is none', async () => {
    await save();
    await writeFile(saved, (await readFile(saved, 'utf8')).replace('d-1', 'd-2'));
    const unreadable = { error: { code: 'CAEP_PLAN_UNREADABLE' } };
    await expect(carryOut()).rejects.toMatchObject(unreadable);
    await writeFile(saved, 'no plan');
    await expect(carryOut()).rejects.toMatchObject(unreadable);
    await rm(saved);
    await expect(carryOut()).rejects.toMatchObject(unreadable);
  });

  it('is not written of a source that is not live, nor with problems', async () => {
    const usage = { error: { code: 'CAEP_USAGE' } };
    await expect(save(HELD)).rejects.toMatchObject(usage);
    const problems = [{ code: 'CAEP_NAMESPACE_UNKNOWN', fields: {} }] as const;
    await expect(save(LIVE, { ...REPORT, problems })).rejects.toMatchObject(usage);
    await expect(readFile(saved)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
