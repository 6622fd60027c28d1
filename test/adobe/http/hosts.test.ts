import { expect, it } from 'vitest';
import { isSimulated } from '../../../src/adobe/http/hosts.js';
import { ADOBE_DEFAULTS } from '../../../src/configuration.js';

const credentials = { clientId: 'c', clientSecret: 's', orgId: 'o' };

it.each([
  ['http://127.0.0.1:8099', 'http://localhost:8099', true],
  ['http://[::1]:8099', 'http://127.0.0.2:1', true],
  ['https://ims-na1.adobelogin.com', 'http://127.0.0.1:8099', false],
  ['http://127.0.0.1:8099', 'https://platform.adobe.io', false],
  ['http://127.0.0.1.example.com', 'http://127.0.0.1:8099', false],
])('IMS at %s and platform at %s: simulated is %s', (imsUrl, platformUrl, simulated) => {
  expect(isSimulated({ ...ADOBE_DEFAULTS, ...credentials, imsUrl, platformUrl })).toBe(simulated);
});
