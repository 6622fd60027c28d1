/** The SDK's runtime of a worker process: its logs go to the process's log, its metrics to Prometheus. */
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createSdkLog } from './sdkLog.js';
import { END_SIGNALS } from '../process/endSignals.js';

/**
 * To be called once per process, before anything else of the SDK.
 *
 * @param metricsPort where the SDK's exporter listens, on loopback only
 */
export function installRuntime(log: Logger, metricsPort: number | undefined): void {
  Runtime.install({
    shutdownSignals: [...END_SIGNALS],
    logger: new DefaultLogger('INFO', createSdkLog({ log, monotonicMs: () => performance.now() })),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      ...(metricsPort === undefined ? {} : { metrics: { prometheus: { bindAddress: `127.0.0.1:${metricsPort}` } } }),
    },
  });
}
