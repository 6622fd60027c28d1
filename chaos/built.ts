/**
 * Runs a program of this folder from a build, as a release runs: a process that is compiled at each start takes many times as
 * long to come back after a kill. Usage: `tsx chaos/built.ts ENTRY [ARGUMENT]…`, the entry relative to the project's root.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buildPrograms } from '../scripts/buildPrograms.js';

const [entry = '', ...args] = process.argv.slice(2);
const programs = await buildPrograms('chaos');
const child = spawn(process.execPath, [programs.pathOf(entry), ...args], { stdio: 'inherit' });
// Ctrl-C reaches the program as well, which ends what it has started; its end is ours.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
const [code] = (await once(child, 'exit')) as [number | null];
process.exitCode = code ?? 1;
