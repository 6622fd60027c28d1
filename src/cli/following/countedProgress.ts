/** How far a command is with many things of one kind: rewritten in place on a terminal, a line from time to time elsewhere. */
import type { Context } from '../ports.js';

const REDRAW_MS = 100;
const LINE_EVERY_MS = 2_000;

export interface CountedProgress {
  /** One more is done. */
  done(): void;
  end(): void;
}

/** @param line for so many of them; soon over needs no words */
export function createCountedProgress(
  { output, now }: Pick<Context, 'output' | 'now'>,
  line: (count: number) => string,
): CountedProgress {
  const everyMs = output.live === undefined ? LINE_EVERY_MS : REDRAW_MS;
  let count = 0;
  let saidAt = now();
  return {
    done() {
      count += 1;
      if (now() - saidAt < everyMs) return;
      saidAt = now();
      if (output.live === undefined) output.note(line(count));
      else output.live.show(line(count));
    },
    end() {
      output.live?.clear();
    },
  };
}
