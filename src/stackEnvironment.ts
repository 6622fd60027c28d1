/**
 * What `npm start` tells the commands of other terminals: the variables under which its servers are reached.
 *
 * Lies in `<home>/dev/environment.json` while the stack runs; holds the password of the embedded PostgreSQL, so mode 0600.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readConfiguration } from './configuration.js';
import { withSecretFiles } from './configuration/secretFiles.js';
import { readJsonFile } from './process/files/jsonFile.js';
import { replaceFile } from './process/files/wholeFile.js';

export type StackEnvironment = Readonly<Record<string, string>>;

/**
 * The environment of a client command: the stack's variables where none are set.
 *
 * @param environment for example `process.env`
 */
export function withStackEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const stack = readJsonFile(environmentFile(readConfiguration(environment).home)) as StackEnvironment | undefined;
  if (stack === undefined) return environment;
  const own = withSecretFiles(environment).environment;
  const set = Object.entries(own).filter(([, value]) => value !== undefined && value !== '');
  return { ...stack, ...Object.fromEntries(set) };
}

export function writeStackEnvironment(home: string, stack: StackEnvironment): void {
  replaceFile(environmentFile(home), `${JSON.stringify(stack, undefined, 2)}\n`);
}

export function removeStackEnvironment(home: string): void {
  rmSync(environmentFile(home), { force: true });
}

function environmentFile(home: string): string {
  return join(home, 'dev', 'environment.json');
}
