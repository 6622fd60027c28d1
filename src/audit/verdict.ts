/** What one event id comes to, from what each side says of it. */
import type { Standing } from '../domain/audit.js';

/** `lake` undefined: it was not read. */
export interface Sides {
  readonly journal: boolean;
  readonly standing?: Standing;
  readonly lake?: number;
}

export type Verdict =
  | 'confirmed'
  /** The inlet accepted it, and the lake does not show it: to be looked at more closely. */
  | 'absent'
  /** Accepted; the lake was not read. */
  | 'accepted'
  | 'waiting'
  | 'undecided'
  | 'abandoned'
  | 'replaced'
  | 'marked-delivered'
  | 'repeated'
  /** A receiver took it and the log does not have it. */
  | 'not-in-the-log'
  /** In the lake, and not among the events compared: to be looked at more closely. */
  | 'stranger';

export function verdictOf({ journal, standing, lake }: Sides): Verdict {
  const copies = lake ?? 0;
  if (standing === undefined) return journal ? 'not-in-the-log' : 'stranger';
  if (copies > 1) return 'repeated';
  switch (standing) {
    case 'accepted':
      if (lake === undefined) return 'accepted';
      return copies === 1 ? 'confirmed' : 'absent';
    case 'waiting':
    case 'undecided':
    case 'abandoned':
    case 'replaced':
    case 'marked-delivered':
      return standing;
    default:
      return standing satisfies never;
  }
}
