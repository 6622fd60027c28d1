/** The product's command line, typed for one source. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runClient } from '../stack/commandLine.js';
import { changedDocument, type Subject } from './operations.js';

/**
 * @param command in which `NAME` stands for that of the source, and `FILE` for its changed manifest
 * @returns what it has printed as JSON where it did not end with 0
 */
export async function commandFor({ stack, source }: Subject, command: readonly string[]): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-chaos-command-'));
  const file = join(folder, 'source.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(changedDocument(source)));
  try {
    const words = command.map((word) => (word === 'FILE' ? file : word === 'NAME' ? source.name : word));
    const [printed] = await runClient(stack, ['--output', 'json', ...words]);
    return printed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
