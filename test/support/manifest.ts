import { parseManifest } from '../../src/manifest/read.js';
import type { Manifest } from '../../src/domain/source/manifest.js';

/** A valid manifest; `overrides` as in the YAML file, top level. */
export function manifestFixture(overrides: Readonly<Record<string, unknown>> = {}): Manifest {
  const parsed = parseManifest({
    version: 1,
    name: 'support-chat',
    sandbox: 'prod',
    chatlio: { widgets: [{ key: 'main-site' }] },
    dataset: { name: 'Chatlio support chat' },
    ...overrides,
  });
  if (!parsed.ok) throw new Error(`the fixture is not a valid manifest: ${JSON.stringify(parsed.problems)}`);
  return parsed.manifest;
}
