/**
 * Run under a limit of the size of files: fills a spool or a journal beyond it, and prints what was taken.
 *
 * `fillDisk spool|journal FOLDER`
 */
import { openJournal } from '../../../src/receiver/journal/journal.js';
import { openSpool } from '../../../src/receiver/spool/spool.js';

const GROUPS = 40;
const [what, folder = ''] = process.argv.slice(2);
const log = { error: (...words: readonly unknown[]) => console.log(words.at(-1)) };

if (what === 'spool') {
  const spool = await openSpool({ folder, maxBytes: 1e9, sourceOf: () => 1, log });
  for (let group = 0; group < GROUPS; group += 1) {
    await spool.append([Buffer.alloc(100_000, group)]).then(
      () => console.log(`took ${group}`),
      () => console.log(`refused ${group}`),
    );
  }
  console.log(JSON.stringify(spool.depth()));
  await spool.close();
} else {
  const journal = await openJournal({ folder, log });
  const entry = { sourceId: 1, kind: 1, taken: 'logged' as const, takenAtMs: 1, eventId: Buffer.alloc(32) };
  for (let group = 0; group < GROUPS; group += 1) {
    journal.record(Array.from({ length: 2_000 }, () => ({ ...entry, takenAtMs: group })));
    await journal.write();
  }
  await journal.close();
}
console.log('done');
