/** What of its own environment a start hands on to each program: what that program reads, and nothing else. */

/** What any program of Node's or of the system's may need to run at all; no secret stands in these. */
const SYSTEM =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|LANG|LC_[A-Z]+|TZ|TERM|NO_COLOR|FORCE_COLOR|NODE_(ENV|OPTIONS|EXTRA_CA_CERTS|V8_COVERAGE)|SSL_CERT_(FILE|DIR))$/;
/** For what reaches the internet. A proxy's URL may hold a password. */
const PROXIES = /^(NODE_USE_ENV_PROXY|(https?|no|all)_proxy)$/i;
/** Both keep events sealed in PostgreSQL; PG… are what its client reads beside the URL. */
const STORE =
  /^(CHATLIO_AEP_(HOME|KEY_FILE)|DATABASE_((DIRECT_|MIGRATOR_)?URL(_FILE)?|MAX_CONNECTIONS)|PG[A-Z]+|LOG_LEVEL)$/;

const READ_BY = {
  worker: [STORE, PROXIES, /^(ADOBE|TEMPORAL|WORKER)_\w+$/, /^RECEIVER_PUBLIC_URL$/],
  receiver: [STORE, /^RECEIVER_\w+$/],
  simulator: [/^LOG_LEVEL$/],
  balancer: [],
  /** Gets the Temporal server where there is none: by download, or with Go. */
  'temporal-obtainer': [PROXIES, /^(GO[A-Z0-9]*|CGO_\w+|CC|CXX|GIT_\w+|XDG_\w+_HOME)$/],
} as const satisfies Record<string, readonly RegExp[]>;

export function environmentOf(program: keyof typeof READ_BY, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const read = [SYSTEM, ...READ_BY[program]];
  return Object.fromEntries(Object.entries(environment).filter(([name]) => read.some((names) => names.test(name))));
}
