/** Dashboard, alerts and documentation speak of metrics that the processes export, and of no others. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createReceiverMetrics } from '../../src/metrics/receiver.js';
import { createWorkerMetrics } from '../../src/metrics/worker.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const worker = createWorkerMetrics(() => Promise.resolve({ sources: [], receivers: [], silences: [] })).registry;
const receiver = createReceiverMetrics({
  counts: () => ({}),
  nearMisses: () => [],
  refusedConnections: () => 0,
  spoolDepth: () => ({ records: 0, bytes: 0 }),
  lostLines: () => 0,
  spoolDamage: () => ({ unreadable: 0, vanished: 0 }),
  putBack: () => 0,
});
const exported = new Map(
  [...worker.getMetricsAsArray(), ...receiver.getMetricsAsArray()].map((metric) => [metric.name, metric]),
);
const types = new Map(
  [...(await worker.getMetricsAsJSON()), ...(await receiver.getMetricsAsJSON())].map(({ name, type }) => [name, type]),
);

/** A table of docs/metrics.md has the metric, its type and its labels in the first three columns. */
const documented = [...read('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
  ([, name = '', type = '', labels = '']) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  }),
);

/** Names in a PromQL expression: `histogram_bucket` and its like are the histogram. */
function namesIn(expression: string): string[] {
  const names = expression.match(/\b(?:chatlio_aep|temporal|process|nodejs)_\w+/g) ?? [];
  return names.map((name) => name.replace(/_(bucket|sum|count)$/, ''));
}

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}

interface AlertRules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

const dashboard = JSON.parse(read('ops/grafana-dashboard.json')) as Dashboard;
const alerts = (parse(read('ops/prometheus-alerts.yaml')) as AlertRules).groups.flatMap(({ rules }) => rules);
const expressions = [
  ...dashboard.panels.flatMap(({ title, targets }) => (targets ?? []).map(({ expr }) => ({ where: title, expr }))),
  ...dashboard.templating.list.map(({ name, query }) => ({ where: name, expr: query })),
  ...alerts.map(({ alert, expr }) => ({ where: alert, expr })),
];

describe('metrics', () => {
  it('of our own are documented, each with its type and labels, and no others are', () => {
    const facts = [...exported].map(([name, metric]) => ({
      name,
      type: types.get(name),
      labels: 'labelNames' in metric ? metric.labelNames : [],
    }));
    const byName = (a: { readonly name: string }, b: { readonly name: string }) => a.name.localeCompare(b.name);
    const ours = documented.filter(({ name }) => !name.startsWith('temporal_'));
    expect(ours.sort(byName)).toEqual(facts.sort(byName));
  });

  it.each(expressions.filter(({ expr }) => namesIn(expr).length > 0))('of “$where” are exported', ({ expr }) => {
    const known = new Set([...exported.keys(), ...documented.map(({ name }) => name)]);
    expect(namesIn(expr).filter((name) => !known.has(name))).toEqual([]);
  });

  it('are what every panel and every alert is made of', () => {
    expect(expressions.filter(({ expr }) => namesIn(expr).length === 0 && !expr.startsWith('prometheus'))).toEqual([]);
    expect(alerts.length).toBeGreaterThan(8);
    expect(dashboard.panels.length).toBeGreaterThan(8);
  });
});
