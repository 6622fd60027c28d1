/** Takes a lock, says so, and says when it was lost. `holdLock FILE BEAT_MS` */
import { tryLock } from '../../src/process/files/lock.js';

const [file = '', beatMs] = process.argv.slice(2);
const attempt = tryLock(file, { beatMs: Number(beatMs), leaseMs: 60_000 });
console.log(attempt.state);
if (attempt.state === 'taken') {
  setInterval(() => undefined, 1_000);
  await attempt.lock.lost;
  console.log(attempt.lock.isOurs() ? 'lost, and still ours?' : 'lost');
}
