/** A lake that holds nothing yet: Query Service makes a dataset's table with the first rows. */
import { DatabaseError } from 'pg';
import type { LakeSession } from './lakeSession.js';

/** The table is made with the first rows: until then there are none. One that was there and has gone is no empty lake. */
export function emptyUntilMade(query: LakeSession['query'], onMissing: () => void): LakeSession['query'] {
  let state: 'unknown' | 'there' | 'missing' = 'unknown';
  return async (text) => {
    if (state === 'missing') return [];
    try {
      const rows = await query(text);
      state = 'there';
      return rows;
    } catch (error) {
      if (state === 'there' || !saysNoTable(error)) throw error;
      state = 'missing';
      onMissing();
      return [];
    }
  };
}

const UNDEFINED_TABLE = '42P01';

function saysNoTable(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof DatabaseError && cause.code === UNDEFINED_TABLE;
}
