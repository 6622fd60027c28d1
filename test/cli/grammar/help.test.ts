import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { CommandLine } from '../../../src/cli/grammar/commandLine.js';
import { loadCommands } from '../../../src/cli/commands/index.js';
import { createProgram } from '../../../src/cli/program.js';
import { type CliWorld, runCli } from '../../../src/cli/run.js';

const COMMANDS = await loadCommands();

/** The grammar alone: what is run is only noted. */
function grammar() {
  const ran: string[] = [];
  const program = createProgram(COMMANDS, {
    version: '0',
    run: (command) => Promise.resolve(void ran.push(command)),
  });
  return { program, ran };
}

const named = (family: string, { name, examples }: CommandLine) => ({ name: `${family} ${name}`, examples });

function leaves(parent: Command, path: readonly string[] = []): string[] {
  return parent.commands.flatMap((command) => {
    const names = [...path, command.name()];
    return command.commands.length === 0 ? [names.join(' ')] : leaves(command, names);
  });
}

const words = (line: string) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');

/** A stream that keeps what is written. */
function kept() {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => chunks.join('') };
}

async function run(...argv: string[]) {
  const [stdout, stderr] = [kept(), kept()];
  const world: CliWorld = {
    stdout: stdout.stream,
    stderr: stderr.stream,
    colour: false,
    program: 'npm run client --',
    configuration: () => {
      throw new Error('not here');
    },
    connect: () => Promise.reject(new Error('not here')),
    runProcess: () => Promise.reject(new Error('not here')),
    runDemo: () => Promise.reject(new Error('not here')),
    interview: undefined,
  };
  const exitCode = await runCli(argv, world);
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

describe('examples', () => {
  const lines = Object.values(COMMANDS)
    .flat()
    .flatMap((line) => [line, ...('commands' in line ? line.commands.map((one) => named(line.name, one)) : [])]);

  it.each(leaves(grammar().program))('stand in the help of %s', async (name) => {
    expect((await run('help', ...name.split(' '))).stdout).toMatch(/Examples:\n {2}\S/);
  });

  it.each(lines.flatMap(({ name, examples }) => examples.map((example) => [name, example] as const)))(
    'of %s can be typed: %s',
    async (name, example) => {
      const { program, ran } = grammar();
      program.exitOverride();
      await program.parseAsync(words(example), { from: 'user' });
      const [command] = ran;
      expect(command?.startsWith(name)).toBe(true);
    },
  );
});

describe('a command', () => {
  const all = Object.values(COMMANDS).flat();

  it('is loaded alone where it is called, under its heading and name', async () => {
    expect(all.length).toBeGreaterThan(20);
    for (const { name } of all) {
      const loaded = Object.values(await loadCommands(name)).flat();
      expect(loaded.map((one) => one.name)).toEqual([name]);
    }
  });

  it('is told from others also where its name is wrong', async () => {
    const { stderr } = await run('stats', 'support-chat');
    expect(stderr).toContain('Did you mean status?');
    expect((await run('--output', 'json', 'stats')).stdout).toContain('Did you mean');
  });
});

describe('help', () => {
  it('is a command: of all, of one, of one below another', async () => {
    const all = await run('help');
    expect(all).toMatchObject({ exitCode: 0, stderr: '' });
    expect(all.stdout).toContain('provision');
    expect(all.stdout).toContain('Exit codes');
    const one = await run('help', 'held', 'resend');
    expect(one).toMatchObject({ exitCode: 0, stderr: '' });
    expect(one.stdout).toContain('Usage: npm run client -- held resend');
    expect(one.stdout).toContain('npm run client -- held resend support-chat 12 14');
  });

  it('says which commands there are where the one that was asked for is none', async () => {
    const { exitCode, stderr } = await run('help', 'held', 'send');
    expect(exitCode).toBe(4);
    expect(stderr).toContain("unknown command 'held send'; there are: list, show, resend");
  });
});

it('the help of the simulator is its own', async () => {
  // What becomes the process is not here.
  expect((await run('simulator', '--help')).stderr).toContain('not here');
  expect((await run('worker', '--help')).stdout).toContain('Usage: npm run client -- worker');
});

describe('a wrong call', () => {
  it.each([
    [['provision'], 'Usage: npm run client -- provision'],
    [['send', 'support-chat', 'chat'], 'Usage: npm run client -- send'],
    [['held', 'resend', 'support-chat', '12'], 'Usage: npm run client -- held resend'],
    [['status', '--all'], 'Usage: npm run client -- status'],
    [['worker', '--threads', '4'], 'Usage: npm run client -- worker'],
  ])('%j shows what that command takes', async (argv, usage) => {
    const { exitCode, stdout, stderr } = await run(...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' });
    expect(stderr).toContain(usage);
    expect(stderr).toContain('Examples:');
  });

  it.each([
    [['--output', 'json', 'provision'], 'provision', "missing required argument 'file'"],
    [['held', 'resend', 'x', '12', '--output=json'], 'held resend', "required option '--why <text>' not specified"],
    [['--output', 'json'], '', 'the command is missing'],
    [['held', '--output', 'json'], 'held', 'the command is missing'],
    [['-o', 'json', 'provison'], '', "unknown command 'provison' (Did you mean provision?)"],
  ])('%j is one document on stdout', async (argv, command, reason) => {
    const { exitCode, stdout, stderr } = await run(...argv);
    expect({ exitCode, stderr }).toEqual({ exitCode: 4, stderr: '' });
    const document = JSON.parse(stdout) as { command: string; error: { code: string; message: string } };
    expect(document).toMatchObject({ v: 1, command, error: { code: 'CAEP_USAGE' } });
    expect(document.error.message).toContain(reason);
  });
});

describe('help for a program', () => {
  it.each([
    [['--output', 'json', 'help'], 'help', 'Usage: chatlio-aep [options] [command]'],
    [['status', '-o', 'json', '--help'], 'status', 'Usage: npm run client -- status'],
    [
      ['--output=json', '--version'],
      '',
      (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version,
    ],
  ])('%j is one document on stdout', async (argv, command, text) => {
    const { exitCode, stdout, stderr } = await run(...argv);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ v: 1, command, text: expect.stringContaining(text) as string });
  });
});
