/** A build that does not fit what the others have begun: the same programs, and in the forwarder another order of commands. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This program's own build; packages are found from beside it, too. */
const BUILD = fileURLToPath(new URL('../../', import.meta.url));
const BROKEN = `${BUILD.replace(/\/$/, '')}-broken`;
const BUNDLE = 'src/workflows/bundle.js';

/** The forwarder asks for it first of all, so every history of one begins with its mark. */
const FIRST_PATCH = 'only-a-person-holds';

/** @returns workflow code whose forwarder begins with another command */
export function brokenWorkflows(code: string): string {
  const broken = code.replaceAll(FIRST_PATCH, 'begins-otherwise');
  if (broken === code) throw new Error(`the workflows no longer have the patch ${FIRST_PATCH}: break them elsewhere`);
  return broken;
}

/** @returns path of its worker */
export function makeBrokenBuild(): string {
  rmSync(BROKEN, { recursive: true, force: true });
  cpSync(join(BUILD, 'src'), join(BROKEN, 'src'), { recursive: true });
  writeFileSync(join(BROKEN, BUNDLE), brokenWorkflows(readFileSync(join(BUILD, BUNDLE), 'utf8')));
  return join(BROKEN, 'src/worker.js');
}
