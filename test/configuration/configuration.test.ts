import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/configuration.js';
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
