import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeBatches, encodeBatch, findNextBatch } from '../../../src/receiver/journal/entries.js';

function batch(count: number): Buffer {
  return encodeBatch(
    Array.from({ length: count }, (_each, n) => ({
      eventId: createHash('sha256').update(`${count}/${n}`).digest(),
      sourceId: 1,
      kind: 1,
      taken: 'logged' as const,
      takenAtMs: 1_763_000_000_000,
    })),
  );
}

function changed(content: Buffer, at: number): Buffer {
  const copy = Buffer.from(content);
  copy.writeUInt8(copy.readUInt8(at) ^ 0xff, at);
  return copy;
}

it('zeros are no batch', () => {
  const whole = batch(2);
  expect(decodeBatches(Buffer.concat([whole, Buffer.alloc(64)]))).toEqual({
    entries: whole.subarray(8),
    readBytes: whole.length,
  });
});

describe('after a batch whose bytes have changed, the next whole one', () => {
  it.each([
    ['an entry', 30],
    ['the checksum', 5],
    ['the count', 3],
  ])('is found where that is %s', (_what, at) => {
    const damaged = changed(batch(3), at);
    const content = Buffer.concat([damaged, batch(2), batch(1)]);
    expect(decodeBatches(content).readBytes).toBe(0);
    expect(findNextBatch(content)).toBe(damaged.length);
  });

  it('is found behind several that are damaged', () => {
    const damaged = [batch(3), batch(1)].map((one) => changed(one, 20));
    const content = Buffer.concat([...damaged, batch(2)]);
    expect(findNextBatch(content)).toBe(content.length - batch(2).length);
  });

  it('is none where nothing whole follows: the end, one that is torn, zeros', () => {
    const damaged = changed(batch(3), 20);
    for (const rest of [Buffer.alloc(0), batch(2).subarray(0, -1), Buffer.alloc(500)]) {
      expect(findNextBatch(Buffer.concat([damaged, rest]))).toBeUndefined();
    }
  });

  it('is never the one at the start', () => {
    expect(findNextBatch(batch(3))).toBeUndefined();
    expect(findNextBatch(Buffer.alloc(0))).toBeUndefined();
  });
});
