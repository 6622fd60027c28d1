import { describe, expect, it } from 'vitest';
import { deployStatus, promoteBuild } from '../../../../src/cli/commands/installation/deploy.js';
import type { Build, Deploys, Promotion } from '../../../../src/temporal/deploys/port.js';
import { fakeSources, fakeWorld, NOW } from '../../fakes.js';
import { asCalledHere } from '../../../../src/cli/terminal/output.js';
import { sentenceOf } from '../../../../src/domain/errors.js';

const BUILD = { status: 'draining', since: NOW - 60_000, workers: 1, unpolled: [], workflows: 1 } as const;
const DEPLOYS: Deploys = {
  deployment: 'chatlio-aep',
  isKnown: true,
  current: '0.4.1',
  builds: [
    { ...BUILD, build: '0.4.1', status: 'current', workflows: 3 },
    { ...BUILD, build: '0.4.0' },
  ],
  elsewhere: [{ workflowId: 'source:support-chat', build: '0.4.0' }],
};
const FIELDS = {
  workflow: 'forwarder:support-chat',
  code: 'the build 0.4.1',
  lastBuild: '0.4.0',
  reason: '[TMPRL1100] …',
};

const world = (deploys: Deploys, stuck: readonly object[] = [], format: 'human' | 'json' = 'human') =>
  fakeWorld(
    fakeSources({
      deploys: () => Promise.resolve(deploys),
      stuckWorkflows: () => Promise.resolve({ looked: 1, stuck: stuck as never }),
    }),
    { format },
  );

describe('deploy status', () => {
  it('shows builds, their workers, what runs on them, and what another build has done last', async () => {
    const { context, stdout } = world(DEPLOYS);
    expect(await deployStatus(context, {})).toBe(0);
    expect(stdout()).toBe(
      [
        'chatlio-aep: tasks go to 0.4.1',
        '',
        'BUILD  STATUS                WORKERS  WORKFLOWS',
        '0.4.1  current   for 1m 00s  1        3',
        '0.4.0  draining  for 1m 00s  1        1',
        '',
        'Last task done by another build: 1 workflow. The next task of each goes to 0.4.1; other builds need not wait for them.',
        '  source:support-chat  0.4.0',
        '',
      ].join('\n'),
    );
  });

  it('names the workflows that no longer go on, with the build that does not fit and the one that does', async () => {
    const { context, stdout } = world(DEPLOYS, [{ code: 'CAEP_WORKFLOW_NONDETERMINISTIC', fields: FIELDS }]);
    await deployStatus(context, {});
    expect(stdout()).toMatch(/✖ The workflow forwarder:support-chat .* the build 0\.4\.1 .*deploy promote 0\.4\.0/);
  });

  it('says when nobody of the current build takes tasks', async () => {
    const current: Build = {
      ...BUILD,
      build: '0.4.1',
      status: 'current',
      workers: 0,
      unpolled: ['chatlio-aep-source'],
    };
    const { context, stdout } = world({ ...DEPLOYS, builds: [current] });
    await deployStatus(context, {});
    expect(stdout()).toContain('✖ No worker of 0.4.1 takes tasks from chatlio-aep-source.');
  });

  it('says so before there is a build, and the same as JSON', async () => {
    const none = { ...DEPLOYS, isKnown: false, current: undefined, builds: [], elsewhere: [] };
    const human = world(none);
    await deployStatus(human.context, {});
    expect(human.stdout()).toContain('No worker with a build id');
    const json = world(DEPLOYS, [{ code: 'CAEP_WORKFLOW_STUCK', fields: FIELDS }], 'json');
    await deployStatus(json.context, {});
    expect(JSON.parse(json.stdout())).toMatchObject({
      deployment: 'chatlio-aep',
      current: '0.4.1',
      builds: [{ build: '0.4.1', status: 'current' }, { build: '0.4.0' }],
      elsewhere: [{ workflowId: 'source:support-chat', build: '0.4.0' }],
      stuck: [{ code: 'CAEP_WORKFLOW_STUCK', workflow: 'forwarder:support-chat' }],
    });
  });
});

it('a deployment that is called as the program is not told as a command', () => {
  const nobody = sentenceOf({
    code: 'CAEP_BUILD_UNKNOWN',
    fields: { deployment: 'chatlio-aep', build: '1', known: 'no builds' },
  });
  expect(asCalledHere(nobody, 'npm run client --')).toBe(nobody);
});

describe('deploy promote', () => {
  const promoting = (previous: string | undefined) => {
    const asked: Promotion[] = [];
    const promote = (promotion: Promotion) => {
      asked.push(promotion);
      return Promise.resolve({ ...promotion, previous });
    };
    const environment = { TEMPORAL_DEPLOYMENT_NAME: 'chats' };
    return { asked, ...fakeWorld(fakeSources({ promote }), { environment }) };
  };

  it('asks for the build of the deployment that the environment names, and says how to go back', async () => {
    const { asked, context, stdout } = promoting('0.4.0');
    expect(await promoteBuild(context, { build: '0.4.1' })).toBe(0);
    expect(asked).toEqual([{ deployment: 'chats', build: '0.4.1' }]);
    expect(stdout()).toContain('To go back: `chatlio-aep deploy promote 0.4.0`');
  });

  it('asks for a part, and for workers without a build id', async () => {
    const part = promoting('0.4.0');
    await promoteBuild(part.context, { build: '0.4.1', percent: 10 });
    expect(part.stdout()).toContain(
      '10 % of the workflows go to the build 0.4.1 of chats; all others to the build 0.4.0',
    );
    const none = promoting('0.4.0');
    await promoteBuild(none.context, { unversioned: true });
    expect(none.asked).toEqual([{ deployment: 'chats', build: undefined }]);
    expect(none.stdout()).toContain('workers without a build id');
  });

  it('refuses both and neither', async () => {
    const usage = { error: { code: 'CAEP_USAGE' } };
    await expect(promoteBuild(promoting(undefined).context, {})).rejects.toMatchObject(usage);
    const both = { build: '0.4.1', unversioned: true };
    await expect(promoteBuild(promoting(undefined).context, both)).rejects.toMatchObject(usage);
  });
});
