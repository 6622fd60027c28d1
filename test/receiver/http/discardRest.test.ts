import { PassThrough } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { discardRest } from '../../../src/receiver/http/discardRest.js';

const MOST = { bytes: 64 * 1024, ms: 10_000 };

describe('a sender whose answer is known', () => {
  it.each([
    ['a byte', 1, 64],
    ['eight kibibytes', 8_192, 8],
  ])('is listened to for so many chunks of %s, however few bytes they are', (_what, bytes, most) => {
    const request = new PassThrough();
    const over = new AbortController();
    discardRest(request as unknown as IncomingMessage, MOST, () => over.abort());
    let chunks = 0;
    while (!over.signal.aborted && chunks < 1_000) {
      chunks += 1;
      request.emit('data', Buffer.alloc(bytes));
    }
    expect(chunks).toBe(most + 1);
  });
});
