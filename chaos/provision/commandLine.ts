import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { runClient } from '../stack/commandLine.js';
import type { SourceUnderTest } from '../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../stack/product/stack.js';

/** `provision FILE`, with the source's manifest as a person writes it. */
export async function runProvision(stack: ChaosStack, { document }: SourceUnderTest): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-chaos-manifest-'));
  const file = join(folder, 'source.yaml');
  writeFileSync(file, stringify(document));
  try {
    return await runClient(stack, ['provision', file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
