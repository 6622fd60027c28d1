/** Seconds of the product, scaled down together: see `ADOBE_DEFAULTS` for what they stand for. */
export interface Times {
  readonly requestTimeoutMs: number;
  readonly consistencyWindowMs: number;
  readonly maxAttempts: number;
  readonly firstRetryDelayMs: number;
}

/** Nothing of the shell reaches the processes that would lead them elsewhere. */
export function isolatedEnvironment(home: string, times: Times): NodeJS.ProcessEnv {
  const foreign = /^(ADOBE_|CHATLIO_AEP_|RECEIVER_|TEMPORAL_|WORKER_|DATABASE_(DIRECT_|MIGRATOR_)?URL$)/;
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
    NO_COLOR: '1',
    LOG_LEVEL: 'info',
    CHATLIO_AEP_HOME: home,
    CHATLIO_AEP_TEMPORAL_PORT: '0',
    CHATLIO_AEP_TEMPORAL_UI_PORT: '0',
    CHATLIO_AEP_POSTGRES_PORT: '0',
    CHATLIO_AEP_SIMULATOR_PORT: '0',
    RECEIVER_PORT: '0',
    ADOBE_REQUEST_TIMEOUT_MS: String(times.requestTimeoutMs),
    ADOBE_CONSISTENCY_WINDOW_MS: String(times.consistencyWindowMs),
    ADOBE_MAX_ATTEMPTS: String(times.maxAttempts),
    ADOBE_FIRST_RETRY_DELAY_MS: String(times.firstRetryDelayMs),
  };
}
