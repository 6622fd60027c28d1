import type { Client } from '@temporalio/client';

/** Where the sources are looked at, and how people reach the same place. */
export interface TemporalAccess {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl?: string;
}

/** Within the five seconds after which a person must know that nobody answers. */
export const CALL_DEADLINE_MS = 4_000;
