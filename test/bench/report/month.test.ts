/** The table of docs/temporal-cloud.md: delivery as it was measured, looks as the workflow makes them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { IDLE_AFTER_S, type MeasuredActions, monthOf } from '../../../bench/report/month.js';
import { nextDestinationLook } from '../../../src/domain/delivery/destinationLooks.js';
import { planningPauseMs } from '../../../src/domain/delivery/forwarderState.js';
import { packageFile } from '../../../src/process/packageFiles.js';

const EVENTS_A_DAY = [1, 10_000, 1_000_000];
/** In dollars, for a million actions: of the first five million, by "Temporal Cloud pricing". A parameter, not a truth. */
const PRICE = 50;
const DEFAULT_LAKE_LATENCY_MS = 3 * 3_600_000;
const read = (path: string) => readFileSync(packageFile(path), 'utf8');

interface KeptResult {
  readonly rows: readonly { readonly name: string; readonly value: number }[];
}

/** Of `npm run bench -- --only cost`. */
function perEvent(rate: string): number {
  const { cost } = JSON.parse(read('bench/results/last.json')) as { readonly cost: KeptResult };
  const row = cost.rows.find(({ name }) => name === `${rate}/s: Temporal actions per event`);
  if (row === undefined) throw new Error(`${rate}/s was not measured`);
  return row.value;
}

/** A timer and an activity. */
const LOOK = 2;
/** It lasts, so there is a heartbeat; and while nothing is sent, a count follows. */
const LOOK_AT_THE_LAKE = LOOK + 1;
const COUNT = 1;
/** `lookUps.ts`, `destinationWatch.ts`: the lake is looked at to plan, and when the event is due; flow and dataset once. */
const LOOKS_ALONE = 2 * (LOOK_AT_THE_LAKE + COUNT) + LOOK;

/** While events keep coming. */
function looksOfLatency(lakeLatencyMs: number): number {
  const lakeLooks = (2 * lakeLatencyMs) / planningPauseMs(lakeLatencyMs);
  const seen = { destination: { lookedAt: 0, accepted: 0 }, counters: { accepted: 1 }, delivery: { lakeLatencyMs } };
  const pauseMs = nextDestinationLook(seen as Parameters<typeof nextDestinationLook>[0], { closedToo: false }) ?? 0;
  return lakeLooks * LOOK_AT_THE_LAKE + (lakeLatencyMs / pauseMs) * LOOK;
}

const MEASURED: MeasuredActions = {
  alone: perEvent('0.01'),
  minute: perEvent('1') * 60,
  looksAlone: LOOKS_ALONE,
  looksOfLatency: looksOfLatency(DEFAULT_LAKE_LATENCY_MS),
};

/** Two figures that count. */
const rounded = (value: number) => Number(value.toPrecision(2)).toLocaleString('en-US');
const dollars = (actions: number) => ((actions / 1e6) * PRICE).toFixed(2);

describe('what a source costs a month', () => {
  const page = read('docs/temporal-cloud.md');

  it.each(EVENTS_A_DAY)('at %i events a day is as the page says', (eventsPerDay) => {
    const { delivery, looks, actions } = monthOf(MEASURED, eventsPerDay, DEFAULT_LAKE_LATENCY_MS);
    const figures = [...[eventsPerDay, delivery, looks, actions].map(rounded), dollars(actions)];
    expect(page).toContain(`| ${figures.join(' | ')} |`);
  });

  it('is told with what was measured', () => {
    expect(page).toContain(`costs ${MEASURED.alone.toFixed(0)} actions: signal`);
    expect(page).toContain(`costs ${MEASURED.minute.toFixed(0)} actions a minute`);
  });

  it('grows with the events until they keep coming, and no further', () => {
    const at = (eventsPerDay: number) => monthOf(MEASURED, eventsPerDay, DEFAULT_LAKE_LATENCY_MS).actions;
    expect(at(1_000)).toBeGreaterThan(at(100));
    const whileTheyKeepComing = Math.ceil(86_400 / IDLE_AFTER_S);
    expect(at(100 * whileTheyKeepComing)).toBe(at(whileTheyKeepComing));
  });
});
