import { describe, expect, it } from 'vitest';
import { mask } from '../../../src/adobe/http/mask.js';

describe('mask', () => {
  it.each([
    ['Authorization: Bearer abc.def', 'Authorization: Bearer ***'],
    ['see eyJhbGciOi.eyJpZCI6.c2ln now', 'see *** now'],
    ['{"access_token":"abc","token_type":"bearer"}', '{"access_token":"***","token_type":"bearer"}'],
    ['client_secret=p8e-x&scope=openid', 'client_secret=***&scope=openid'],
    [
      'https://dcs.adobedc.net/collection/e71b?x-adobe-flow-id=1',
      'https://dcs.adobedc.net/collection/***?x-adobe-flow-id=1',
    ],
    ['/collection/batch/e71b', '/collection/batch/***'],
    ['nothing secret here', 'nothing secret here'],
  ])('%s', (text, expected) => {
    expect(mask(text)).toBe(expected);
  });

  it('takes out given secrets, also percent-encoded', () => {
    expect(mask('a s+cret/1 and s%2Bcret%2F1', ['s+cret/1'])).toBe('a *** and ***');
  });

  it('leaves words alone that only look like a very short secret', () => {
    expect(mask('prod is prod', ['prod'])).toBe('prod is prod');
  });
});
