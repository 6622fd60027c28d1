/** What a package brings with it when it is installed, as a CycloneDX document, made of its lock file. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const LONGEST_DOCUMENT = 64 * 1024 * 1024;

/**
 * @param folder with `package.json` and a lock file that has nothing for development: leaving that out, npm leaves out too much
 * @returns the file
 */
export async function writeSbom(folder: string): Promise<string> {
  const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: folder, maxBuffer: LONGEST_DOCUMENT });
  const file = join(folder, 'sbom.cdx.json');
  writeFileSync(file, stdout);
  return file;
}
