/** Brings files to the disk some time after they were written to, off the way of who writes: one sync for many writes. */
import { type FileHandle, open } from 'node:fs/promises';
import pLimit from 'p-limit';

export interface LateSync {
  /** @throws what a sync since the last call has failed with */
  written(file: FileHandle): void;
  /** Of a new file in it: a file is durable only when its name is. */
  named(folder: string): void;
  /** Nothing more is written to it. */
  ended(file: FileHandle): void;
  /** Resolves when all of it is done. */
  allDone(): Promise<void>;
}

export function createLateSync(afterMs: number): LateSync {
  const oneByOne = pLimit(1);
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();
  let fault: Error | undefined;

  function soon(work: () => Promise<void>): void {
    last = oneByOne(work).catch((error: Error) => void (fault = error));
  }

  function cancel(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  return {
    written(file) {
      timer ??= setTimeout(() => {
        timer = undefined;
        soon(() => file.datasync());
      }, afterMs).unref();
      const failed = fault;
      fault = undefined;
      if (failed !== undefined) throw failed;
    },
    named: (folder) => soon(() => syncAndClose(open(folder))),
    ended(file) {
      cancel();
      soon(() => syncAndClose(Promise.resolve(file)));
    },
    allDone: () => last,
  };
}

async function syncAndClose(opening: Promise<FileHandle>): Promise<void> {
  const handle = await opening;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
