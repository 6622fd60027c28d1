/** All commands, in the order and under the headings of the help. */
import type { CommandFamily, CommandLine } from '../grammar/commandLine.js';
import { abortCommand } from './source/abort.js';
import { adoptCommand } from './adoption/adopt.js';
import { accountsCommands } from './installation/accounts.js';
import { auditCommand } from './events/audit.js';
import { demoCommand } from './installation/demo.js';
import { driftCommand } from './drift/drift.js';
import { repairCommand } from './drift/repair.js';
import { doctorCommand } from './installation/doctor.js';
import { eventsCommands } from './events/events.js';
import { heldCommands } from './events/held.js';
import { historyCommand } from './source/history.js';
import { initCommand } from './installation/init.js';
import { keysCommands } from './installation/keys.js';
import { pauseCommand } from './source/pause.js';
import { planCommand } from './source/plan.js';
import { PROCESS_COMMANDS } from './installation/processes.js';
import { provisionCommand } from './source/provision.js';
import { resumeCommand } from './source/resume.js';
import { runsCommand } from './source/runs.js';
import { sendCommand } from './events/send.js';
import { statusCommand } from './source/status.js';
import { teardownCommand } from './source/teardown.js';
import { unpauseCommand } from './source/unpause.js';
import { updateCommand } from './source/update.js';
import { urlsCommand } from './events/urls.js';
import { watchCommand } from './source/watch.js';

export const COMMANDS: Readonly<Record<string, readonly (CommandLine | CommandFamily)[]>> = {
  'Set up:': [initCommand, doctorCommand],
  'Provision:': [planCommand, provisionCommand, adoptCommand, resumeCommand, abortCommand],
  'Control:': [updateCommand, repairCommand, pauseCommand, unpauseCommand, teardownCommand],
  'Inspect:': [statusCommand, watchCommand, driftCommand, historyCommand, runsCommand, urlsCommand, sendCommand],
  'Events:': [eventsCommands, heldCommands, auditCommand],
  'Keys:': [keysCommands],
  'Adobe:': [accountsCommands],
  'Processes:': [...PROCESS_COMMANDS, demoCommand],
};
