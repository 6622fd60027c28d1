import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isRunning } from '../../src/process/programs/identity.js';
import { killGroup, spawnEntry, temporaryFolder } from '../support/processes.js';
import { FREE_PORTS } from '../support/freePorts.js';
import { killLeftoversAfterTest, processesOf, STACK_TIMEOUT_MS } from '../support/stack.js';

it(
  'the demo, killed in the middle and started again, ends with exactly one of everything',
  async () => {
    const home = temporaryFolder();
    killLeftoversAfterTest(join(home, 'demo'));
    const environment = { ...FREE_PORTS, CHATLIO_AEP_HOME: home, NO_COLOR: '1' };
    const first = spawnEntry('src/client', ['demo'], environment);
    await first.waitFor(/dataset: made/);
    await first.end('SIGKILL');
    for (const { pid } of processesOf(join(home, 'demo'))) killGroup(pid);

    const second = spawnEntry('src/client', ['demo'], environment);
    const exitCode = await second.exitCode;
    expect({ exitCode, output: second.output() }).toMatchObject({ exitCode: 0 });
    expect(second.output()).toContain('The last demo did not finish; continuing it.');
    expect(second.output()).toContain('Each of the five kinds is in the dataset exactly once.');
    expect(second.output().match(/✔ .* 1 ×/g)).toHaveLength(7 + 5);
    expect(second.output()).toMatch(/first event in the dataset\s+\d+\.\d s after provisioning began/);
  },
  2 * STACK_TIMEOUT_MS,
);

it(
  'the demo brings each kind to the dataset once, also where lacking attributes are errors that previews do not show',
  async () => {
    const home = temporaryFolder();
    killLeftoversAfterTest(join(home, 'demo'));
    const policy = 'missingAttributeInMapping=rowError,iifEvaluation=eager,previewIsMilder=true';
    const environment = { ...FREE_PORTS, CHATLIO_AEP_HOME: home, NO_COLOR: '1', CHATLIO_AEP_SIMULATOR_POLICY: policy };
    const demo = spawnEntry('src/client', ['demo'], environment);
    expect({ exitCode: await demo.exitCode, output: demo.output() }).toMatchObject({ exitCode: 0 });
    expect(demo.output()).toContain('Each of the five kinds is in the dataset exactly once.');
  },
  STACK_TIMEOUT_MS,
);

it.each([
  ['while everything starts', /Starting Temporal/],
  ['while the source is provisioned', /dataset: made/],
])(
  'the demo, left with Ctrl-C %s, ends everything in order and says that it can go on',
  async (_when, seen) => {
    const home = temporaryFolder();
    killLeftoversAfterTest(join(home, 'demo'));
    const demo = spawnEntry('src/client', ['demo'], { ...FREE_PORTS, CHATLIO_AEP_HOME: home, NO_COLOR: '1' });
    await demo.waitFor(seen);
    process.kill(demo.pid, 'SIGINT');
    // One press of Ctrl-C, which npm passes on as well.
    process.kill(demo.pid, 'SIGINT');
    expect(await demo.exitCode).toBe(130);
    expect(demo.output()).toContain('The demo was interrupted; the next run continues it.');
    expect(demo.output()).not.toContain('CAEP_');
    expect(processesOf(join(home, 'demo')).filter(isRunning)).toEqual([]);
  },
  STACK_TIMEOUT_MS,
);
