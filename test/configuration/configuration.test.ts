import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type environmentSchema, readConfiguration } from '../../src/configuration.js';
import { CodedError, type Problem } from '../../src/domain/errors.js';

const CREDENTIALS = { ADOBE_CLIENT_ID: 'id', ADOBE_CLIENT_SECRET: 's3cret', ADOBE_ORG_ID: '1A2B@AdobeOrg' };

function problemsOf(environment: Record<string, string>): readonly Problem[] {
  try {
    readConfiguration(environment);
  } catch (error) {
    if (error instanceof CodedError && error.error.code === 'CAEP_CONFIGURATION_INVALID')
      return error.error.problems ?? [];
    throw error;
  }
  return [];
}

describe('a value', () => {
  it('is taken without the blanks and line ends around it', () => {
    const { adobe, temporal, receiver, home } = readConfiguration({
      ADOBE_CLIENT_ID: ' id\n',
      ADOBE_CLIENT_SECRET: 's3cret\r\n',
      ADOBE_ORG_ID: '1A2B@AdobeOrg\n',
      ADOBE_SCOPES: 'openid, session\n',
      TEMPORAL_ADDRESS: ' temporal:7233\n',
      TEMPORAL_NAMESPACE: 'chat \n',
      RECEIVER_PORT: ' 8099 ',
      RECEIVER_PUBLIC_URL: 'https://chat.example.com/\n',
      CHATLIO_AEP_HOME: '/srv/chatlio-aep\n',
    });
    expect(adobe).toMatchObject({
      clientId: 'id',
      clientSecret: 's3cret',
      orgId: '1A2B@AdobeOrg',
      scopes: 'openid,session',
    });
    expect(temporal).toMatchObject({ address: 'temporal:7233', namespace: 'chat' });
    expect(receiver).toMatchObject({ port: 8099, publicUrl: 'https://chat.example.com' });
    expect(home).toBe('/srv/chatlio-aep');
  });

  it.each(['', ' ', '\n'])('that is %j counts as absent', (empty) => {
    const { temporal, receiver } = readConfiguration({ TEMPORAL_ADDRESS: empty, RECEIVER_PORT: empty });
    expect(temporal.address).toBeUndefined();
    expect(receiver.port).toBe(8088);
  });

  it.each([
    ['RECEIVER_PORT', '70000', 'a whole number from 0 to 65535'],
    ['RECEIVER_PORT', '0x50', 'a whole number from 0 to 65535'],
    ['RECEIVER_SPOOL_MAX_BYTES', '2 GiB', 'a whole number from 1 on'],
    ['RECEIVER_HOST', '127.0.0.1 8088', 'one word, without blanks or line ends inside'],
    ['RECEIVER_PUBLIC_URL', 'chat.example.com', 'an http or https URL, such as https://chat.example.com'],
    ['RECEIVER_PUBLIC_URL', 'https://chat.example.com/?a=1', 'a URL without ? and #'],
    ['TEMPORAL_NAMESPACE', 'my namespace', 'one word, without blanks or line ends inside'],
    ['LOG_LEVEL', 'loud', 'one of trace, debug, info, warn, error, silent'],
    ['ADOBE_MAX_ATTEMPTS', '0', 'a whole number from 1 on'],
  ])('%s=%s is refused with its name, what was expected and what was got', (path, got, expected) => {
    expect(problemsOf({ [path]: got })).toEqual([{ path, expected, got: JSON.stringify(got) }]);
  });

  it('that is an organisation id must look like one', () => {
    const [problem] = problemsOf({ ...CREDENTIALS, ADOBE_ORG_ID: '1A2B\n3C@AdobeOrg' });
    expect(problem).toMatchObject({ path: 'ADOBE_ORG_ID', got: '"1A2B\\n3C@AdobeOrg"' });
    expect(problem?.expected).toContain('@AdobeOrg');
  });

  it('that is secret is never shown, nor a password inside a URL', () => {
    const [secret] = problemsOf({ ...CREDENTIALS, ADOBE_CLIENT_SECRET: 's3 cret' });
    expect(secret).toMatchObject({ path: 'ADOBE_CLIENT_SECRET', got: '(a secret, not shown)' });
    const [url] = problemsOf({ ADOBE_IMS_URL: 'ftp://ana:s3cret@proxy' });
    expect(url?.got).toBe('"ftp://…@proxy"');
  });
});

/** Of each variable a value that can be used and, but where any text can be, one that cannot. */
const SAMPLES = {
  CHATLIO_AEP_HOME: ['/srv/chatlio-aep'],
  DATABASE_URL: ['postgres://ana:s3cret@db:5432/chats', 'db.example.com:5432'],
  DATABASE_DIRECT_URL: ['postgres://ana:s3cret@db:5433/chats', 'db.example.com:5433'],
  DATABASE_MIGRATOR_URL: ['postgres://owner:s3cret@db:5432/chats', 'db.example.com:5432'],
  DATABASE_MAX_CONNECTIONS: ['20', '3'],
  CHATLIO_AEP_KEY_FILE: ['/srv/keys.json'],
  CHATLIO_AEP_ACCESS_KEY: ['A'.repeat(43), 'a key'],
  ADOBE_CLIENT_ID: ['id', 'two words'],
  ADOBE_CLIENT_SECRET: ['s3cret', 'two\nlines'],
  ADOBE_ORG_ID: ['1A2B@AdobeOrg', '1A2B'],
  ADOBE_SCOPES: ['openid,session'],
  ADOBE_IMS_URL: ['https://ims.example.com', 'ims.example.com'],
  ADOBE_PLATFORM_URL: ['https://platform.example.com', 'platform'],
  ADOBE_INLET_URL: ['https://inlet.example.com', 'inlet'],
  ADOBE_QUERY_SERVICE_URL: ['postgres://query.example.com:80', 'https://query.example.com'],
  HTTPS_PROXY: ['http://ana:s3cret@proxy.example.com:3128', 'socks5://ana:s3cret@proxy.example.com'],
  https_proxy: ['proxy.example.com:3128', 'socks5://proxy.example.com'],
  HTTP_PROXY: ['proxy.example.com:3128', 'ftp://proxy.example.com'],
  http_proxy: ['https://proxy.example.com', 'http://a b'],
  NO_PROXY: ['.example.com'],
  no_proxy: ['*'],
  RECEIVER_HOST: ['0.0.0.0', 'two words'],
  RECEIVER_PORT: ['8099', 'http'],
  RECEIVER_PUBLIC_URL: ['https://chat.example.com', 'chat.example.com'],
  RECEIVER_SPOOL_MAX_BYTES: ['1000000', '1 MB'],
  RECEIVER_KEEP_MINUTES: ['0', '-1'],
  RECEIVER_KEEP_MAX_BYTES: ['1000000', '1e6'],
  RECEIVER_HELD_MAX_BYTES: ['1000000', '0'],
  RECEIVER_METRICS_PORT: ['9464', '65536'],
  WORKER_METRICS_HOST: ['0.0.0.0', 'two words'],
  WORKER_METRICS_PORT: ['9465', '0x1'],
  WORKER_DELIVERY_SLOTS: ['200', '9'],
  TEMPORAL_ADDRESS: ['temporal:7233', 'http://temporal:7233'],
  TEMPORAL_NAMESPACE: ['chats', 'two words'],
  TEMPORAL_UI_URL: ['https://temporal.example.com', 'temporal.example.com'],
  TEMPORAL_DEPLOYMENT_NAME: ['chats/chatlio-aep', 'chatlio.aep'],
  TEMPORAL_WORKER_BUILD_ID: ['0.4.0', '__unversioned__'],
  TEMPORAL_PROFILE: ['staging'],
  TEMPORAL_CONFIG_FILE: ['/srv/temporal.toml'],
  TEMPORAL_API_KEY: ['eyJhbGciOi.J9-_', 'two\nlines'],
  TEMPORAL_TLS: ['true', 'on'],
  CHATLIO_AEP_TEMPORAL_PORT: ['7234', 'x'],
  CHATLIO_AEP_TEMPORAL_UI_PORT: ['8234', '8234.5'],
  CHATLIO_AEP_POSTGRES_PORT: ['5489', '+5489'],
  CHATLIO_AEP_SIMULATOR_PORT: ['8100', '99999'],
  CHATLIO_AEP_SIMULATOR_POLICY: ['lakeDelayMs=1,previewIsMilder=true', 'lakeDelayMs'],
  CHATLIO_AEP_SHORT_WINDOWS: ['yes', 'true'],
  XDG_CACHE_HOME: ['/srv/cache'],
  LOG_LEVEL: ['debug', 'loud'],
  ADOBE_CONSISTENCY_WINDOW_MS: ['0', '90 s'],
  ADOBE_MAX_ATTEMPTS: ['8', '0'],
  ADOBE_FIRST_RETRY_DELAY_MS: ['1000', '0'],
  ADOBE_REQUEST_TIMEOUT_MS: ['65000', '99'],
  ADOBE_MAX_REQUESTS_PER_SECOND: ['20', '0'],
  ADOBE_MAX_EVENTS_PER_SECOND: ['1000', '0'],
} as const satisfies Record<keyof typeof environmentSchema.shape, readonly [usable: string, unusable?: string]>;

/** Read by Temporal's SDK, and by what colours a terminal; a test of the connection has those of Temporal. */
const READ_BY_OTHERS = /^(TEMPORAL_TLS_.*|TEMPORAL_GRPC_META_…|NO_COLOR|FORCE_COLOR)$/;

describe('every variable', () => {
  const samples = Object.entries<readonly [usable: string, unusable?: string]>(SAMPLES);
  // Adobe's credential is used as a whole, metrics of the worker with their port.
  const companions = { ...CREDENTIALS, WORKER_METRICS_PORT: '9999' };

  it('that the page names is here', () => {
    const page = readFileSync('docs/configuration.md', 'utf8');
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    const named = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/[A-Z][A-Z_]+[A-Z_…]/g)].map(([name]) => name),
    );
    expect(named.filter((name) => !(name in SAMPLES) && !READ_BY_OTHERS.test(name))).toEqual([]);
    const inCapitals = samples.filter(([name]) => name === name.toUpperCase());
    expect(named.length).toBeGreaterThan(inCapitals.length);
  });

  it.each(samples)('%s is read without the line end that a file adds', (variable, [usable]) => {
    const read = readConfiguration({ ...companions, [variable]: usable });
    expect(readConfiguration({ ...companions, [variable]: ` ${usable}\r\n` })).toEqual(read);
  });

  it.each(samples)('%s counts as absent where it is empty, a blank or a line end', (variable) => {
    const { [variable]: _absent, ...others }: Record<string, string> = variable in CREDENTIALS ? {} : companions;
    for (const empty of ['', ' ', '\n', '\t\r\n']) {
      expect(readConfiguration({ ...others, [variable]: empty })).toEqual(readConfiguration(others));
    }
  });

  it.each(samples.flatMap(([variable, [, unusable]]) => (unusable === undefined ? [] : [[variable, unusable]])))(
    '%s=%s is refused by its name alone',
    (variable = '', unusable = '') => {
      const problems = problemsOf({ ...companions, [variable]: unusable });
      expect(problems.map(({ path }) => path)).toEqual([variable]);
      expect(problems[0]?.expected).not.toMatch(/invalid|undefined|expected/i);
    },
  );
});

describe('TEMPORAL_ADDRESS', () => {
  it.each([
    ['127.0.0.1:7233', '127.0.0.1:7233'],
    ['temporal.example.com', 'temporal.example.com:7233'],
    ['::1', '[::1]:7233'],
    ['[::1]', '[::1]:7233'],
    ['[2001:db8::1]:443', '[2001:db8::1]:443'],
  ])('%s is %s', (given, address) => {
    expect(readConfiguration({ TEMPORAL_ADDRESS: given }).temporal.address).toBe(address);
  });

  it.each([
    'http://127.0.0.1:7233',
    'temporal://host',
    '127.0.0.1:7233/',
    'host: 7233',
    'host:0',
    'host:99999',
    'host:port',
    '[::1',
    '[host]:7233',
    '::1:7233:',
    ':7233',
  ])('%s is refused', (address) => {
    expect(problemsOf({ TEMPORAL_ADDRESS: address })).toEqual([
      {
        path: 'TEMPORAL_ADDRESS',
        expected: 'host:port without a scheme, such as 127.0.0.1:7233 or [::1]:7233',
        got: JSON.stringify(address),
      },
    ]);
  });
});
