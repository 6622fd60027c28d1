import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMac } from '../../../src/store/keys/mac.js';

const byNode = (key: Uint8Array, data: string | Uint8Array) =>
  createHmac('sha256', key).update(data).digest().subarray(0, 16);

describe('MAC', () => {
  it('is the published one (RFC 4231, test case 2)', () => {
    const mac = createMac(Buffer.from('Jefe'))('what do ya want for nothing?');
    expect(mac.toString('hex')).toBe('5bdcc146bf60754e6a042426089575c7');
  });

  it('is Node’s HMAC of any text and any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 300 })), { minLength: 1 }),
        (key, texts) => {
          const mac = createMac(Buffer.from(key));
          for (const text of texts) expect(mac(text)).toEqual(byNode(key, text));
        },
      ),
    );
  });

  it.each([5_461, 5_462, 16_384, 16_385, 1_000_000])('is Node’s HMAC of %i characters', (length) => {
    const key = Buffer.alloc(32, 7);
    const mac = createMac(key);
    for (const letter of ['x', 'é', '漢']) {
      const text = letter.repeat(length);
      expect(mac(text)).toEqual(byNode(key, text));
      expect(mac(Buffer.from(text))).toEqual(byNode(key, text));
    }
  });
});
