/** Takes the table of the webhook routes away for a while, so that the one step that writes to PostgreSQL alone fails. */
import { Client } from 'pg';
import type { ChaosStack } from '../../stack/product/stack.js';

export async function withoutRoutes<T>({ databaseUrl }: ChaosStack, job: () => Promise<T>): Promise<T> {
  await execute(databaseUrl, 'alter table route rename to route_taken_away');
  try {
    return await job();
  } finally {
    await execute(databaseUrl, 'alter table route_taken_away rename to route');
  }
}

async function execute(databaseUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
