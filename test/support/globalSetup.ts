/** One folder per test run for the servers that test files share; whoever needs a server first starts it, the run's end ends it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import type { TestProject } from 'vitest/node';
import { identityOf, livenessOf } from '../../src/process/programs/identity.js';
import { ensureNamespace } from '../../cluster/temporal/health.js';
import { ensureSearchAttributes } from '../../src/temporal/searchAttributes.js';
import { startClusterForTests } from './cluster.js';
import { onOfTests } from './on.js';
import { SOON_DELETED, temporalBinary } from './temporalBinary.js';
import { endSharedServers, readOwner, writeOwner } from './shared.js';

declare module 'vitest' {
  interface ProvidedContext {
    runDir: string;
    /** Of the server that the tests share; where there is none, the first that needs one starts a development server. */
    temporalAddress: string | undefined;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = join(tmpdir(), `chatlio-aep-tests-${process.getuid?.() ?? 'user'}`);
  mkdirSync(root, { recursive: true });
  await sweep(root);
  const runDir = mkdtempSync(join(root, 'run-'));
  const self = identityOf(process.pid);
  if (self !== undefined) writeOwner(runDir, self);
  project.provide('runDir', runDir);
  // Before the tests, and not in the first that needs it: a build takes minutes and both cores.
  await temporalBinary();
  const on = onOfTests();
  const cluster = on.kind === 'cluster' ? await startClusterForTests(runDir, on.server, SOON_DELETED) : undefined;
  const address = on.kind === 'outside' ? on.address : cluster?.address;
  project.provide('temporalAddress', address);
  if (address !== undefined) await makeSearchAttributes(address);
  return async () => {
    await cluster?.stop();
    await remove(runDir);
  };
}

/** In the namespace that all tests share which need none of their own. */
async function makeSearchAttributes(address: string): Promise<void> {
  await ensureNamespace(address, 'default');
  const connection = await Connection.connect({ address });
  await ensureSearchAttributes(connection, 'default');
  await connection.close();
}

/** Ends what killed runs have left behind. */
async function sweep(root: string): Promise<void> {
  for (const name of readdirSync(root)) {
    const runDir = join(root, name);
    const owner = readOwner(runDir);
    if (owner !== undefined && livenessOf(owner) === 'ended') await remove(runDir);
  }
}

async function remove(runDir: string): Promise<void> {
  await endSharedServers(runDir);
  rmSync(runDir, { recursive: true, force: true });
}
