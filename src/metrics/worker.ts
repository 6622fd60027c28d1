/** All metrics of a worker process of our own. */
import { Registry } from 'prom-client';
import { createDeliveryMetrics, type DeliveryMetrics } from './delivery.js';
import { type Figures, registerFigures } from './figures.js';
import { registerProcessMetrics } from './process.js';
import { type BudgetMeters, createBudgetMeters, registerDuty } from './sharing.js';
import { createWakeMetrics, type WakeMetrics } from './wakes.js';

export interface WorkerMetrics {
  readonly registry: Registry;
  readonly delivery: DeliveryMetrics;
  readonly wakes: WakeMetrics;
  readonly budget: BudgetMeters;
}

export interface OfProcess {
  /** Of the log, since the start. */
  readonly lostLines?: () => number;
  readonly isOnDuty?: () => boolean;
}

export function createWorkerMetrics(
  readFigures: () => Promise<Figures>,
  { lostLines = () => 0, isOnDuty = () => true }: OfProcess = {},
): WorkerMetrics {
  const registry = new Registry();
  registerProcessMetrics(registry, lostLines);
  registerDuty(registry, isOnDuty);
  registerFigures(registry, readFigures);
  return {
    registry,
    delivery: createDeliveryMetrics(registry),
    wakes: createWakeMetrics(registry),
    budget: createBudgetMeters(registry),
  };
}
