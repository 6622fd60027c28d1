/** All commands, in the order and under the headings of the help. Each is loaded when it is needed: most calls are of one. */
import type { CommandFamily, CommandLine } from '../grammar/commandLine.js';

type Line = CommandLine | CommandFamily;

const COMMANDS: Readonly<Record<string, Readonly<Record<string, () => Promise<Line>>>>> = {
  'Set up:': {
    init: async () => (await import('./installation/init.js')).initCommand,
    database: async () => (await import('./installation/database.js')).databaseCommands,
    doctor: async () => (await import('./installation/doctor.js')).doctorCommand,
  },
  'Provision:': {
    plan: async () => (await import('./source/plan.js')).planCommand,
    provision: async () => (await import('./source/provision.js')).provisionCommand,
    adopt: async () => (await import('./adoption/adopt.js')).adoptCommand,
    resume: async () => (await import('./source/resume.js')).resumeCommand,
    abort: async () => (await import('./source/abort.js')).abortCommand,
  },
  'Control:': {
    update: async () => (await import('./source/update.js')).updateCommand,
    repair: async () => (await import('./drift/repair.js')).repairCommand,
    pause: async () => (await import('./source/pause.js')).pauseCommand,
    unpause: async () => (await import('./source/unpause.js')).unpauseCommand,
    teardown: async () => (await import('./source/teardown.js')).teardownCommand,
  },
  'Inspect:': {
    status: async () => (await import('./source/status.js')).statusCommand,
    watch: async () => (await import('./source/watch.js')).watchCommand,
    drift: async () => (await import('./drift/drift.js')).driftCommand,
    history: async () => (await import('./source/history.js')).historyCommand,
    runs: async () => (await import('./source/runs.js')).runsCommand,
    urls: async () => (await import('./events/urls.js')).urlsCommand,
    send: async () => (await import('./events/send.js')).sendCommand,
  },
  'Events:': {
    events: async () => (await import('./events/events.js')).eventsCommands,
    held: async () => (await import('./events/held.js')).heldCommands,
    audit: async () => (await import('./events/audit.js')).auditCommand,
  },
  'Keys:': {
    keys: async () => (await import('./installation/keys.js')).keysCommands,
  },
  'Adobe:': {
    accounts: async () => (await import('./installation/accounts.js')).accountsCommands,
  },
  'Processes:': {
    deploy: async () => (await import('./installation/deploy.js')).deployCommands,
    dev: async () => (await import('./installation/processes.js')).PROCESS_COMMANDS.dev,
    worker: async () => (await import('./installation/processes.js')).PROCESS_COMMANDS.worker,
    receiver: async () => (await import('./installation/processes.js')).PROCESS_COMMANDS.receiver,
    simulator: async () => (await import('./installation/processes.js')).PROCESS_COMMANDS.simulator,
    demo: async () => (await import('./installation/demo.js')).demoCommand,
  },
};

/** By heading. */
export type Commands = Readonly<Record<string, readonly Line[]>>;

/** @param called only this one, where there is one of that name; else all */
export async function loadCommands(called?: string): Promise<Commands> {
  const isKnown = Object.values(COMMANDS).some((loaders) => called !== undefined && Object.hasOwn(loaders, called));
  const loaded = Object.entries(COMMANDS).map(async ([heading, loaders]) => {
    const wanted = Object.entries(loaders).filter(([name]) => !isKnown || name === called);
    return [heading, await Promise.all(wanted.map(([, load]) => load()))] as const;
  });
  return Object.fromEntries(await Promise.all(loaded));
}
