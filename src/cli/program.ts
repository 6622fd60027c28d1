/** The command line's grammar: commands, arguments, options. What each does is in `commands/`. */
import { Argument, Command as Commander, Option } from 'commander';
import { EXIT_CODES, type ExitCode } from '../domain/errors.js';
import { MAX_PAGE } from '../domain/heldEvents.js';
import { KINDS, type Kind } from '../domain/kinds.js';
import { abort } from './commands/abort.js';
import { audit } from './commands/audit.js';
import { doctor } from './commands/doctor.js';
import { doctorRestored } from './commands/doctorRestored.js';
import { tailEvents } from './commands/events.js';
import { createInit, type Interview } from './commands/init.js';
import { createKeys, mergeKeys, rotateKeys, showAccessKey } from './commands/keys.js';
import { pause } from './commands/pause.js';
import { plan } from './commands/plan.js';
import type { ProcessName } from './commands/processes.js';
import { provision } from './commands/provision.js';
import { resume } from './commands/resume.js';
import { send } from './commands/send.js';
import { status } from './commands/status.js';
import { unpause } from './commands/unpause.js';
import { urls } from './commands/urls.js';
import { watch } from './commands/watch.js';
import { addExamples, addHelp } from './help.js';
import { addHeldCommands } from './heldProgram.js';
import { collect, type Does, duration, person, pointInTime, wholeNumber } from './options.js';
import type { Context } from './ports.js';
import { addProcesses } from './processProgram.js';

export interface GlobalOptions {
  readonly output: 'human' | 'json';
  readonly verbose?: boolean;
}

export interface ProgramWiring {
  readonly version: string;
  /** Runs a command: makes its context, prints its error, keeps its exit code. */
  run(command: string, options: GlobalOptions, action: (context: Context) => Promise<ExitCode>): Promise<void>;
  runProcess(name: ProcessName, parameters: readonly string[]): Promise<ExitCode>;
  runDemo(context: Context): Promise<ExitCode>;
  readonly interview: Interview | undefined;
}

export function createProgram(wiring: ProgramWiring): Commander {
  const program = new Commander('chatlio-aep')
    .description('Chatlio live chats into Adobe Experience Platform, durably: no event lost, none sent twice.')
    .version(wiring.version)
    .addOption(
      new Option('-o, --output <format>', 'how results are printed').choices(['human', 'json']).default('human'),
    )
    .option('-v, --verbose', 'more about what went wrong')
    .showHelpAfterError('(chatlio-aep help shows all commands)')
    .addHelpText('after', HELP_AFTER)
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true });

  const does: Does = (name, command, args) =>
    wiring.run(name, program.opts<GlobalOptions>(), (context) => command(context, args));

  program.commandsGroup('Set up:');
  program
    .command('init')
    .description('write a manifest')
    .argument('[file]', 'standard: NAME.yaml')
    .option('--name <name>', 'name of the source')
    .option('--sandbox <name>', 'technical name of the Adobe sandbox')
    .option('--widget <key>', 'a name of your own for a chat widget; may be repeated', collect, [])
    .option('--force', 'overwrite the file')
    .action(
      (file: string | undefined, options: { name?: string; sandbox?: string; widget: string[]; force?: boolean }) =>
        does('init', createInit(wiring.interview), { ...options, file, widgets: options.widget }),
    );
  program
    .command('doctor')
    .description('check configuration, Temporal, worker, receiver, database and Adobe; each finding with its fix')
    .argument('[file]', 'a manifest to check along with them')
    .option(
      '--restored <time>',
      'the database was set back to this time: show what may have been sent since',
      pointInTime,
    )
    .option('--confirm', 'with --restored: close all gates, and make those events unknown')
    .action((file: string | undefined, { restored, confirm }: { restored?: string; confirm?: boolean }) =>
      restored === undefined
        ? does('doctor', doctor, { file })
        : does('doctor', doctorRestored, { since: restored, confirm, by: person() }),
    );

  program.commandsGroup('Provision:');
  program
    .command('plan')
    .description('show what would be created, adopted, changed; exit 0 nothing, 2 something, 4 problems')
    .argument('<file>', 'manifest')
    .action((file: string) => does('plan', plan, { file }));
  program
    .command('provision')
    .description('make it, and watch; Ctrl-C leaves it running')
    .argument('<file>', 'manifest')
    .action((file: string) => does('provision', provision, { file }));
  program
    .command('resume')
    .description('try a held step again')
    .argument('<name>', 'source')
    .option('--manifest <file>', 'a corrected manifest; may change only what is not made yet')
    .option('--adopt', "take over somebody else's object that stands in our place")
    .action((name: string, options: { manifest?: string; adopt?: boolean }) =>
      does('resume', resume, { name, ...options, by: person() }),
    );
  program
    .command('abort')
    .description('undo a held operation')
    .argument('<name>', 'source')
    .option('--reason <text>', 'for the record')
    .action((name: string, options: { reason?: string }) => does('abort', abort, { name, ...options, by: person() }));

  program.commandsGroup('Live:');
  program
    .command('pause')
    .description('send nothing until unpause; events are taken and wait')
    .argument('<name>', 'source')
    .option('--reason <text>', 'for the record')
    .option('--disable-flow', 'also disable the flow at Adobe; enabling it again takes a settle window')
    .action((name: string, options: { reason?: string; disableFlow?: boolean }) =>
      does('pause', pause, { name, ...options, by: person() }),
    );
  program
    .command('unpause')
    .description('send again, whatever has closed the gate; enables the flow where it is not')
    .argument('<name>', 'source')
    .action((name: string) => does('unpause', unpause, { name, by: person() }));

  program.commandsGroup('Look:');
  program
    .command('status')
    .description('phase, steps, ids, counters; without a name: all sources')
    .argument('[name]', 'source')
    .action((name?: string) => does('status', status, { name }));
  program
    .command('watch')
    .description('the same, live')
    .argument('<name>', 'source')
    .action((name: string) => does('watch', watch, { name }));
  program
    .command('urls')
    .description('the webhook URLs to paste into Chatlio (they hold secrets)')
    .argument('<name>', 'source')
    .option('--rotate', 'make new secrets; the URLs before are taken for a while more')
    .option('--widget <key>', 'with --rotate: only of this widget')
    .addOption(new Option('--kind <kind>', 'with --rotate: only of this kind').choices(KINDS))
    .option('--overlap <duration>', 'with --rotate: for how long the URLs before are taken; standard: 24h', duration)
    .action(
      (name: string, { overlap, ...options }: { rotate?: boolean; widget?: string; kind?: Kind; overlap?: number }) =>
        does('urls', urls, { name, ...options, overlapMs: overlap }),
    );
  program
    .command('send')
    .description('post realistic Chatlio events through the receiver')
    .argument('<name>', 'source')
    .addArgument(new Argument('<kind>', 'kind of event').choices(KINDS))
    .option('--count <number>', 'how many', wholeNumber, 1)
    .option('--seed <number>', 'the same seed is the same event; standard: a new one', wholeNumber)
    .option('--widget <key>', 'standard: the first that takes this kind')
    .action((name: string, kind: Kind, options: { count: number; seed?: number; widget?: string }) =>
      does('send', send, { name, kind, ...options, seed: options.seed ?? freshSeed() }),
    );

  program.commandsGroup('Events:');
  const events = program.command('events').description('events as they pass');
  events
    .command('tail')
    .description('the newest events and where they stand; their contents only with --reveal')
    .argument('<name>', 'source')
    .option('--since <time>', 'only those taken from then on: ISO 8601, or how long ago, such as 10m', pointInTime)
    .option('--limit <number>', `how many, at most ${MAX_PAGE}`, wholeNumber, 20)
    .option('-f, --follow', 'go on with those that come, and with what becomes of each; Ctrl-C ends it')
    .option('--reveal', 'show the contents: words of visitors')
    .action((name: string, options: { since?: string; limit: number; follow?: boolean; reveal?: boolean }) =>
      does('events tail', tailEvents, { name, ...options }),
    );
  addHeldCommands(program, does);
  program
    .command('audit')
    .description(
      'the proof: what was taken, delivered, waits, event by event; exit 1 on any difference, 5 when it could not look',
    )
    .argument('<name>', 'source')
    .option('--since <time>', 'taken from then on: ISO 8601, or how long ago, such as 2d', pointInTime)
    .option('--until <time>', 'taken before', pointInTime)
    .action((name: string, options: { since?: string; until?: string }) => does('audit', audit, { name, ...options }));

  program.commandsGroup('Keep:');
  const keys = program.command('keys').description('the key file, with which bodies and secrets are encrypted');
  keys
    .command('create')
    .description('make the key file of a new installation; refused where there is data already')
    .action(() => does('keys create', createKeys, {}));
  keys
    .command('merge')
    .description('add the keys of another key file, so that what was sealed with either can be read')
    .argument('<file>', 'the other key file; it is not changed')
    .action((from: string) => does('keys merge', mergeKeys, { from }));
  keys
    .command('access')
    .description('print the key with which a machine without the key file opens what `urls` and `--reveal` show')
    .action(() => does('keys access', showAccessKey, {}));
  keys
    .command('rotate')
    .description('add a key to the key file of this machine and make it the active one; old keys stay')
    .action(() => does('keys rotate', rotateKeys, {}));

  program.commandsGroup('Processes:');
  addProcesses(program, (name, parameters) =>
    wiring.run(name, program.opts<GlobalOptions>(), () => wiring.runProcess(name, parameters)),
  );
  program
    .command('demo')
    .description('the whole job unattended against the simulator, with a report')
    .action(() => wiring.run('demo', program.opts<GlobalOptions>(), (context) => wiring.runDemo(context)));

  program.commandsGroup('Help:');
  addHelp(program);
  addExamples(program);
  return program;
}

const HELP_AFTER = `
Exit codes: ${EXIT_CODES.done} done, ${EXIT_CODES.failed} failed, ${EXIT_CODES.changesPending} changes pending, ${EXIT_CODES.waitingForPerson} waiting for a person, ${EXIT_CODES.badConfiguration} bad configuration or credentials,
${EXIT_CODES.couldNotLook} could not look (audit), ${EXIT_CODES.interrupted} interrupted (the run goes on).`;

/** Far above seeds that people type, far below where numbers lose exactness. */
function freshSeed(): number {
  return 1_000_000 + Math.floor(Math.random() * 2 ** 31);
}
