import { describe, expect, it } from 'vitest';
import { decodeSegment, encodedBytes, encodeRecord } from '../../../src/receiver/spool/segment.js';

const mark = { offset: 1, bytes: Buffer.from('MARK') };
const bodies = ['aMARK-1', 'bMARK-22', 'cMARK-333'].map((text) => Buffer.from(text));
const [first, second, third] = bodies.map(encodeRecord) as [Buffer, Buffer, Buffer];

function changed(record: Buffer, at: number): Buffer {
  const copy = Buffer.from(record);
  copy.writeUInt8(copy.readUInt8(at) ^ 0xff, at);
  return copy;
}

describe('a segment', () => {
  it('gives its records in order, and none where it is empty', () => {
    const whole = { damaged: { stretches: 0, bytes: 0 }, tornBytes: 0 };
    expect(decodeSegment(Buffer.concat([first, second, third]))).toEqual({ records: bodies, ...whole });
    expect(decodeSegment(Buffer.alloc(0))).toEqual({ records: [], ...whole });
  });

  it.each([1, 7, 8, 9])('that a crash has torn gives what stands before the last %i bytes', (bytes) => {
    const torn = Buffer.concat([first, second.subarray(0, bytes)]);
    expect(decodeSegment(torn, mark)).toMatchObject({ records: [bodies[0]], tornBytes: bytes });
  });

  it('loses the record whose contents have changed, and no other', () => {
    expect(decodeSegment(Buffer.concat([first, changed(second, 10), third]))).toEqual({
      records: [bodies[0], bodies[2]],
      damaged: { stretches: 1, bytes: second.length },
      tornBytes: 0,
    });
  });

  it('counts a changed record at its end as damaged, not as torn', () => {
    expect(decodeSegment(Buffer.concat([first, changed(second, 10)]))).toMatchObject({
      damaged: { stretches: 1, bytes: second.length },
      tornBytes: 0,
    });
  });

  it('finds the next record by the mark where a length has changed', () => {
    const content = Buffer.concat([first, changed(second, 0), third]);
    expect(decodeSegment(content, mark)).toMatchObject({ records: [bodies[0], bodies[2]], tornBytes: 0 });
    expect(decodeSegment(content)).toMatchObject({ records: [bodies[0]], tornBytes: second.length + third.length });
  });

  it('takes zeros, as a file system may leave them, for no record', () => {
    expect(decodeSegment(Buffer.concat([first, Buffer.alloc(32)]), mark)).toMatchObject({
      records: [bodies[0]],
      tornBytes: 32,
    });
  });

  it('takes as many bytes as its records are said to take', () => {
    expect(encodedBytes(bodies)).toBe(Buffer.concat([first, second, third]).length);
    expect(encodedBytes([])).toBe(0);
  });
});
