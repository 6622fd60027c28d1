import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/configuration.js';
import { targetOf } from '../../src/temporal/target.js';
import { temporaryFolder } from '../support/processes.js';

const target = (environment: Record<string, string>) => targetOf(readConfiguration(environment));

function configFile(): string {
  const file = join(temporaryFolder(), 'temporal.toml');
  writeFileSync(file, '[profile.staging]\naddress = "staging.example.com:7233"\nnamespace = "chats"\n');
  return file;
}

describe('a profile of Temporal’s CLI', () => {
  it.each(['staging', ' staging\n'])('is found by its name: %j', (profile) => {
    const found = target({ TEMPORAL_CONFIG_FILE: `${configFile()}\n`, TEMPORAL_PROFILE: profile });
    expect(found).toMatchObject({ address: 'staging.example.com:7233', namespace: 'chats' });
  });

  it.each(['', ' ', '\n'])('that is named by %j is the default one', (profile) => {
    expect(target({ TEMPORAL_PROFILE: profile })).toMatchObject({ address: '127.0.0.1:7233', namespace: 'default' });
  });

  it('whose file is not there is refused by name, and no other server taken in its place', () => {
    const missing = join(temporaryFolder(), 'none.toml');
    expect(() => target({ TEMPORAL_CONFIG_FILE: missing })).toThrow(
      expect.objectContaining({
        error: expect.objectContaining({
          code: 'CAEP_CONFIGURATION_INVALID',
          problems: [expect.objectContaining({ path: 'TEMPORAL_CONFIG_FILE', got: JSON.stringify(missing) })],
        }) as unknown,
      }) as Error,
    );
  });
});

it('an API key is sent without the line end of the file that it came from', () => {
  expect(target({ TEMPORAL_API_KEY: 'key\n' }).connectOptions.apiKey).toBe('key');
});

it('a certificate that is none is a fault of the configuration', () => {
  const certificate = { TEMPORAL_TLS_CLIENT_CERT_DATA: 'no certificate', TEMPORAL_TLS_CLIENT_KEY_DATA: 'no key' };
  expect(() => target(certificate)).toThrow(/CAEP_CONFIGURATION_INVALID.*a certificate or its key is not usable PEM/);
});

describe('a data converter', () => {
  const refused = expect.objectContaining({
    error: expect.objectContaining({
      code: 'CAEP_CONFIGURATION_INVALID',
      problems: [expect.objectContaining({ path: expect.stringContaining('TEMPORAL_CODEC_…') as string })],
    }) as unknown,
  }) as Error;

  it('that a variable names is refused: what it would encode is not encoded', () => {
    expect(() => target({ TEMPORAL_CODEC_ENDPOINT: 'https://codec.example.com' })).toThrow(refused);
  });

  it('that a profile names is refused', () => {
    const file = join(temporaryFolder(), 'temporal.toml');
    writeFileSync(file, '[profile.default.codec]\nendpoint = "https://codec.example.com"\n');
    expect(() => target({ TEMPORAL_CONFIG_FILE: file })).toThrow(refused);
  });
});
