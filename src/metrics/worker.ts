/** All metrics of a worker process of our own. */
import { Registry } from 'prom-client';
import { createDeliveryMetrics, type DeliveryMetrics } from './delivery.js';
import { type Figures, registerFigures } from './figures.js';
import { registerProcessMetrics } from './process.js';
import { createWakeMetrics, type WakeMetrics } from './wakes.js';

export interface WorkerMetrics {
  readonly registry: Registry;
  readonly delivery: DeliveryMetrics;
  readonly wakes: WakeMetrics;
}

/** @param lostLines of the log, since the start */
export function createWorkerMetrics(
  readFigures: () => Promise<Figures>,
  lostLines: () => number = () => 0,
): WorkerMetrics {
  const registry = new Registry();
  registerProcessMetrics(registry, lostLines);
  registerFigures(registry, readFigures);
  return { registry, delivery: createDeliveryMetrics(registry), wakes: createWakeMetrics(registry) };
}
