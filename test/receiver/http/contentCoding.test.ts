import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { codingOf, decode } from '../../../src/receiver/http/contentCoding.js';

const body = Buffer.from('x'.repeat(100));

describe('the coding of a body', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    [' GZIP ', 'gzip'],
    ['x-gzip', 'gzip'],
    ['deflate', 'deflate'],
    ['br', undefined],
    ['gzip, deflate', undefined],
  ])('is read from the header %j as %j', (header, coding) => {
    expect(codingOf(header)).toBe(coding);
  });

  it('is undone, also deflate without its header', async () => {
    expect(await decode(gzipSync(body), 'gzip', 100)).toEqual(body);
    expect(await decode(deflateSync(body), 'deflate', 100)).toEqual(body);
    expect(await decode(deflateRawSync(body), 'deflate', 100)).toEqual(body);
  });

  it('tells a body that is too large from one that is damaged', async () => {
    expect(await decode(gzipSync(body), 'gzip', 99)).toBe('too-large');
    expect(await decode(deflateRawSync(body), 'deflate', 99)).toBe('too-large');
    expect(await decode(body, 'gzip', 100)).toBe('damaged');
  });
});
