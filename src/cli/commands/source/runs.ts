import { MAX_FAILED_RECORDS } from '../../../domain/delivery/failedRecords.js';
import { DEFAULT_RUNS, MAX_RUNS } from '../../../domain/delivery/flowRuns.js';
import { EXIT_CODES } from '../../../domain/errors.js';
import { askerOf } from '../../asker.js';
import type { CommandFamily } from '../../grammar/commandLine.js';
import { wholeNumber } from '../../grammar/options.js';
import type { Command } from '../../ports.js';
import { renderRun } from '../../render/source/runDetails.js';
import { renderRuns } from '../../render/source/runs.js';
import { requireWorker } from '../../worker.js';

export interface ListRunsArguments {
  readonly name: string;
  readonly limit?: number;
}

/** What Adobe has counted, hour by hour. */
export const listRuns: Command<ListRunsArguments> = async (context, { name, limit = DEFAULT_RUNS }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const { v: _v, ...report } = await sources.ask({ v: 1, ask: 'runs', name, limit });
  context.output.result({ name, ...report }, () => renderRuns(report, { name }, context.output.paint));
  return EXIT_CODES.done;
};

export interface ShowRunArguments {
  readonly name: string;
  readonly id: string;
  readonly reveal?: boolean;
}

/** Why records of a run failed, and which events they were. Adobe's own words cross Temporal sealed to this process. */
export const showRun: Command<ShowRunArguments> = async (context, { name, id, reveal }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const asker = reveal === true ? await askerOf(context) : undefined;
  const sealTo = asker === undefined ? {} : { sealTo: asker.sealTo };
  const { v: _v, sealedWords, ...details } = await sources.ask({ v: 1, ask: 'run', name, id, ...sealTo });
  const words =
    asker === undefined || sealedWords === undefined ? [] : (JSON.parse(asker.open(sealedWords)) as readonly string[]);
  const shown = { ...details, records: details.records.map((one, index) => ({ ...one, words: words[index] })) };
  context.output.result({ name, ...shown }, () => renderRun(shown, { name }, context.output.paint));
  return EXIT_CODES.done;
};

export const runsCommand: CommandFamily = {
  name: 'runs',
  description: "show Adobe's flow runs of a source: records in, written and failed, by the hour",
  examples: ['runs support-chat', 'runs support-chat --limit 48', '--output json runs support-chat'],
  grammar: (command, does) =>
    command
      .argument('<name>', 'source')
      .option('--limit <number>', 'at most this many runs, the newest', wholeNumber)
      .addHelpText('after', `\nWithout --limit the newest ${DEFAULT_RUNS} are shown; it takes up to ${MAX_RUNS}.`)
      .action((name: string, options: { limit?: number }) => does(listRuns, { name, ...options })),
  commands: [
    {
      name: 'show',
      description: 'show why records of a run failed, and which events they were',
      examples: [
        'runs show support-chat 7c9e9714-a34f-45c4-866f-1adb18e6fe4f',
        'runs show support-chat 7c9e9714-a34f-45c4-866f-1adb18e6fe4f --reveal',
      ],
      grammar: (command, does) =>
        command
          .argument('<name>', 'source')
          .argument('<id>', 'the run, as `runs` lists it')
          .option('--reveal', "also show Adobe's own words, which may quote a visitor")
          .addHelpText('after', `\nAt most ${MAX_FAILED_RECORDS} records are shown. Adobe keeps them for 30 days.`)
          .action((name: string, id: string, options: { reveal?: boolean }) => does(showRun, { name, id, ...options })),
    },
  ],
};
