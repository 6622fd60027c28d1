#!/usr/bin/env node
/** The command line `chatlio-aep`. */
import { readConfiguration } from './configuration.js';
import type { Answers } from './cli/ports.js';
import { runProcess } from './cli/commands/installation/processes.js';
import { watchOutput } from './cli/terminal/lostOutput.js';
import { runCli } from './cli/run.js';
import { watchWrapper } from './process/wrapper.js';
import { withStackEnvironment } from './stackEnvironment.js';

const { env, stdin, stdout, stderr } = process;
const interactive = stdin.isTTY && stderr.isTTY;
// https://no-color.org: set and not empty means no colour.
const colour = (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb' && (stdout.isTTY || (env.FORCE_COLOR ?? '') !== '');

const lostOutput = watchOutput(stdout, stderr);
const outliveWrapper = watchWrapper(env.npm_lifecycle_event);

/** Loaded when a person is asked. */
const questions = {
  typed: async (question: string) => (await import('./cli/terminal/confirmation.js')).typed(question),
  confirm: async (question: string) => (await import('./cli/terminal/confirmation.js')).confirm(question),
  interview: async (known: Partial<Answers>) => (await import('./cli/terminal/interview.js')).createInterview()(known),
};

const exitCode = await runCli(process.argv.slice(2), {
  stdout,
  stderr,
  colour,
  program: env.npm_lifecycle_event === 'client' ? 'npm run client --' : 'chatlio-aep',
  configuration: () => readConfiguration(withStackEnvironment(env)),
  // Loaded when needed: the Temporal client takes a while, and `--help` has no use for it.
  async connect(configuration) {
    const { connectClient } = await import('./temporal/connection.js');
    const { createTemporalSources } = await import('./temporal/sources/temporalSources.js');
    const connected = await connectClient(configuration);
    const sources = createTemporalSources({ ...connected, uiUrl: configuration.temporal.uiUrl });
    return { sources, close: () => connected.close() };
  },
  runProcess(name, parameters) {
    // A server has callers of its own.
    outliveWrapper();
    return runProcess(name, parameters);
  },
  async runDemo({ output }) {
    const { runDemo } = await import('./cli/demo/demo.js');
    // What the demo has started is ended first.
    lostOutput.letEnd();
    return runDemo({ environment: env, output });
  },
  ...(interactive ? questions : {}),
});
process.exitCode = lostOutput.exitCode() ?? exitCode;
