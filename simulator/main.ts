#!/usr/bin/env node
/** The command that runs the simulator alone: `npm run simulator -- --port 8099`. */
import { once } from 'node:events';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { CodedError, codedError, ERROR_CATALOGUE, remedyOf, sentenceOf } from '../src/domain/errors.js';
import { messageOf } from '../src/domain/messageOf.js';
import { errorDocument } from '../src/domain/errorDocument.js';
import { printable, printableJson } from '../src/domain/printable.js';
import { askedToEnd } from '../src/process/interruption.js';
import { createProcessLog } from '../src/process/log.js';
import { tellReady } from '../src/process/programs/readiness.js';
import { toleratesLoss } from '../src/process/toleratesLoss.js';
import { asksForJson, usageError } from '../src/process/wrongCall.js';
import { systemFault } from '../src/process/systemFaults.js';
import { PolicyError } from './policy.js';
import { startSimulator, type Simulator } from './simulator.js';

interface Options {
  readonly port: number;
  readonly host: string;
  readonly publicUrl?: string;
  readonly dataDir: string;
  readonly databaseUrl?: string;
  readonly policy: Readonly<Record<string, unknown>>;
  readonly seed?: number;
  readonly sandbox?: readonly string[];
  readonly output: 'text' | 'json';
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new InvalidArgumentError('must be a whole number.');
  return number;
}

/** `name=value`, the value read as JSON where it is JSON. */
function policyEntry(text: string, before: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('must be name=value.');
  const isJson = /^(-?\d+(\.\d+)?|true|false)$/.test(value);
  return { ...before, [name]: isJson ? (JSON.parse(value) as unknown) : value };
}

const program = new Command('simulator')
  .exitOverride()
  .description('Adobe Experience Platform as the Chatlio source needs it, on this machine.')
  .option('--port <number>', 'port to listen on; 0 for a free one', wholeNumber, 8099)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--public-url <url>', 'base URL under which callers reach it; default: the Host header of each request')
  .option('--data-dir <folder>', 'where it keeps its database', '.chatlio-aep/simulator')
  .option('--database-url <url>', 'a PostgreSQL server to use instead of a database of its own')
  .option('--policy <name=value>', 'a policy value off its default; may be repeated', policyEntry, {})
  .option(
    '--sandbox <name>',
    'a sandbox of the organisation, the first is the default one; may be repeated',
    (name: string, before: readonly string[] | undefined) => [...(before ?? []), name],
  )
  .option('--seed <number>', 'seed of faults that are drawn by probability', wholeNumber)
  .addOption(new Option('--output <form>', 'how to print').choices(['text', 'json']).default('text'));

/** The variables that a worker needs to use the simulator in Adobe's place. */
function environmentOf({ baseUrl, credentials }: Simulator): Record<string, string> {
  return {
    ADOBE_CLIENT_ID: credentials.clientId,
    ADOBE_CLIENT_SECRET: credentials.clientSecrets[0] ?? '',
    ADOBE_ORG_ID: credentials.orgId,
    ADOBE_SCOPES: credentials.scopes,
    ADOBE_IMS_URL: baseUrl,
    ADOBE_PLATFORM_URL: baseUrl,
  };
}

function announce(simulator: Simulator, output: Options['output']): void {
  const { baseUrl, queryServiceUrl, credentials } = simulator;
  const environment = environmentOf(simulator);
  if (output === 'json') {
    const admin = { adminUrl: `${baseUrl}/__sim`, adminApiUrl: `${baseUrl}/__sim/api` };
    const { sandboxNames, tenantId } = credentials;
    const line = { msg: 'ready', v: 1, baseUrl, ...admin, queryServiceUrl, tenantId, sandboxNames, environment };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const variables = Object.entries(environment).map(([name, value]) => `  export ${name}='${value}'`);
  const lines = [
    `Adobe simulator at ${baseUrl}`,
    `  IMS, platform and inlet share this base URL; Query Service: ${queryServiceUrl}`,
    `  what exists and what landed: ${baseUrl}/__sim`,
    `  sandboxes: ${credentials.sandboxNames.join(', ')}; tenant: ${credentials.tenantId}`,
    '',
    ...variables,
    '',
    'Ctrl-C ends it; what it knows is kept.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function asCoded(error: unknown): CodedError {
  if (error instanceof CommanderError) return new CodedError(usageError(error));
  const known = error instanceof CodedError ? error : systemFault(error);
  if (known !== undefined) return known;
  const reason = messageOf(error);
  return codedError(error instanceof PolicyError ? 'CAEP_USAGE' : 'CAEP_INTERNAL', { reason });
}

function report(error: unknown): number {
  // Help, which was asked for.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const coded = asCoded(error);
  if (asksForJson(process.argv)) {
    process.stdout.write(
      `${printableJson(JSON.stringify({ v: 1, command: 'simulator', error: errorDocument(coded.error) }))}\n`,
    );
  }
  // The grammar has told it already.
  else if (!(error instanceof CommanderError))
    process.stderr.write(printable(`${coded.error.code}: ${sentenceOf(coded.error)}\n${remedyOf(coded.error)}\n`));
  return ERROR_CATALOGUE[coded.error.code].exitCode;
}

async function main(): Promise<void> {
  const options = program.parse().opts<Options>();
  // Standard output belongs to the announcement.
  const { log } = createProcessLog({ level: 'warn', stream: process.stderr });
  toleratesLoss(process.stdout);
  const simulator = await startSimulator({
    port: options.port,
    host: options.host,
    publicBaseUrl: options.publicUrl?.replace(/\/+$/, ''),
    ...(options.databaseUrl === undefined ? { dataDir: options.dataDir } : { databaseUrl: options.databaseUrl }),
    policy: options.policy,
    seed: options.seed,
    ...(options.sandbox === undefined ? {} : { credentials: { sandboxNames: options.sandbox } }),
    log,
  });
  const signalled = once(askedToEnd(), 'abort');
  announce(simulator, options.output);
  tellReady({ environment: environmentOf(simulator) });
  await signalled;
  await simulator.close();
}

try {
  await main();
} catch (error) {
  process.exitCode = report(error);
}
