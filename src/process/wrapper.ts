/**
 * The wrapper of a command, `npm run`: it hands signals on, but none when it is killed itself. Then its command would go on for
 * ever with nobody to read it or to leave it with Ctrl-C. As with a terminal that is closed, the command is told by SIGHUP.
 */

const LOOK_EVERY_MS = 500;

/**
 * Only for what npm has started: a shell may end while its background jobs are meant to go on.
 *
 * @param script name of the script that npm runs, from `npm_lifecycle_event`
 * @returns ends the watch, for what is to outlive its wrapper
 */
export function watchWrapper(script: string | undefined): () => void {
  if (script === undefined) return () => undefined;
  const wrapper = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === wrapper) return;
    clearInterval(look);
    process.kill(process.pid, 'SIGHUP');
  }, LOOK_EVERY_MS).unref();
  return () => clearInterval(look);
}
