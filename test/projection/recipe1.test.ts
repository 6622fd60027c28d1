/**
 * What recipe 1 sends. An event may have been sent under it, so the same original gives the same bytes for ever:
 * `recipe-1.golden.json` is never recorded again. Whoever needs other bytes makes a new recipe, with a file of its own.
 */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { OriginalFacts } from '../../src/domain/projection/original.js';
import type { Projection } from '../../src/domain/projection/projection.js';
import { compileProjection } from '../../src/projection/project.js';

interface Golden {
  readonly name: string;
  readonly original: string;
  /** A text that stands for `{long}` in the original, and how often. */
  readonly long?: readonly [text: string, times: number];
  readonly facts: OriginalFacts;
  readonly projection: Projection;
  readonly sha256: string;
  /** Where they are few. */
  readonly bytes?: string;
}

const file = readFileSync(new URL('recipe-1.golden.json', import.meta.url), 'utf8');
const cases = JSON.parse(file) as Golden[];

describe('recipe 1', () => {
  it('has the file that was recorded with it', () => {
    expect(hash('sha256', file)).toBe('d9b32a09accf106097e3f43dc6f8e5d29d79c183adf62d019ceae4f6a5a9dcf4');
    expect(cases.length).toBeGreaterThan(20);
  });

  it.each(cases.map((one) => [one.name, one] as const))('%s', (_name, golden) => {
    const { original, long, facts, projection, sha256, bytes } = golden;
    const posted = long === undefined ? original : original.replaceAll('{long}', long[0].repeat(long[1]));
    const projected = compileProjection(projection)?.(Buffer.from(posted), facts);
    if (projected === undefined || 'fault' in projected) throw new Error(projected?.fault ?? 'no recipe');
    const sent = projected.body.toString();
    expect(sent).toBe(bytes ?? sent);
    expect(hash('sha256', projected.body)).toBe(sha256);
  });
});
