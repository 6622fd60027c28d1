/** A database, asked with SQL of our own. */
import { Client } from 'pg';

const STATEMENT_TIMEOUT_MS = 120_000;

export async function withDatabase<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, statement_timeout: STATEMENT_TIMEOUT_MS });
  // A server that is killed while it is asked: the query rejects.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
