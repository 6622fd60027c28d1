/** What somebody else has set for the database and its sessions: the product depends on none of it. */
import { Client } from 'pg';

const DEFAULTS: Readonly<Record<string, string>> = {
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  bytea_output: 'escape',
  extra_float_digits: '-3',
  standard_conforming_strings: 'off',
  default_transaction_isolation: 'serializable',
  statement_timeout: '400ms',
  lock_timeout: '20ms',
  idle_session_timeout: '3s',
};

export async function setHostileDefaults(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const database = client.escapeIdentifier(new URL(databaseUrl).pathname.slice(1));
    for (const [name, value] of Object.entries(DEFAULTS)) {
      await client.query(`alter database ${database} set ${name} = ${client.escapeLiteral(value)}`);
    }
  } finally {
    await client.end();
  }
}
