/** What the Temporal server was asked, whoever has asked: from its own metrics, as the SDK's are of its core alone. */
import type { Stack } from '../stack.js';

export interface TemporalRequests {
  /** By operation. */
  readonly asked: ReadonlyMap<string, number>;
  /** Long polls: they wait for work for up to a minute. */
  readonly polls: number;
}

const REQUESTS = /^service_requests\{(.*)\} (\d+)/gm;

export async function readTemporalRequests({ temporal }: Stack): Promise<TemporalRequests> {
  const text = await (await fetch(`http://127.0.0.1:${temporal.metricsPort}/metrics`)).text();
  const asked = new Map<string, number>();
  let polls = 0;
  for (const [, labels = '', value] of text.matchAll(REQUESTS)) {
    if (!labels.includes('service_name="frontend"')) continue;
    const operation = /operation="([^"]+)"/.exec(labels)?.[1] ?? '';
    if (operation.startsWith('Poll')) polls += Number(value);
    else asked.set(operation, (asked.get(operation) ?? 0) + Number(value));
  }
  return { asked, polls };
}

/** Between two readings. */
export function requestsBetween(before: TemporalRequests, after: TemporalRequests): TemporalRequests {
  const asked = new Map(
    [...after.asked].map(([operation, count]) => [operation, count - (before.asked.get(operation) ?? 0)]),
  );
  return { asked, polls: after.polls - before.polls };
}

export function total({ asked }: TemporalRequests): number {
  return [...asked.values()].reduce((sum, count) => sum + count, 0);
}
