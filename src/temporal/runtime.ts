/** The SDK's runtime of a worker process: its logs go to the process's log, its metrics to Prometheus. */
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createSdkLog, type SdkLog } from './sdkLog.js';

/**
 * To be called once per process, before anything else of the SDK.
 *
 * @param metricsPort where the SDK's exporter listens, on loopback only
 */
export function installRuntime(log: Logger, metricsPort: number | undefined): SdkLog {
  const sdkLog = createSdkLog(log);
  const runtime = Runtime.install({
    // The process has its own end, which is the same for a signal and for a failure.
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', (entry) => sdkLog.write(entry)),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      ...(metricsPort === undefined ? {} : { metrics: { prometheus: { bindAddress: `127.0.0.1:${metricsPort}` } } }),
    },
  });
  // Its lines wait for those of its native part, to come in order of time.
  const flush = (): void => runtime.flushLogs();
  return {
    ...sdkLog,
    failure() {
      flush();
      return sdkLog.failure();
    },
    close() {
      flush();
      sdkLog.close();
    },
  };
}
