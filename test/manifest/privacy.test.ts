import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../src/manifest/read.js';
import { manifestFixture } from '../support/manifest.js';

function problemsOf(overrides: Readonly<Record<string, unknown>>) {
  const base = { version: 1, name: 'support-chat', sandbox: 'prod', chatlio: { widgets: [{ key: 'main-site' }] } };
  const parsed = parseManifest({ ...base, ...overrides });
  return parsed.ok ? [] : parsed.problems.map(({ path, expected, hint }) => ({ path, expected, hint }));
}

describe('privacy in a manifest', () => {
  it('is what was said of it, and nothing where nothing was said', () => {
    expect(manifestFixture({ contents: 'full' })).not.toHaveProperty('privacy');
    const privacy = { drop: ['visitor.IPAddress', 'body.rating'], redact: ['cards'] };
    expect(manifestFixture({ contents: 'full', privacy }).privacy).toEqual({ ...privacy, hash: [] });
  });

  it('names fields that there are, under Chatlio’s name or the derived one', () => {
    const privacy = { drop: ['visitor.emails'], hash: ['visitorEmail'] };
    expect(problemsOf({ contents: 'full', privacy })).toEqual([
      expect.objectContaining({ path: 'privacy.drop[0]', hint: 'did you mean visitor.email?' }),
    ]);
  });

  it('says what is not even stored, of fields that there are', () => {
    const privacy = { store: { drop: ['visitor.IPAddress'] } };
    expect(manifestFixture({ contents: 'full', privacy }).privacy).toEqual({
      ...privacy,
      drop: [],
      hash: [],
      redact: [],
    });
    expect(problemsOf({ contents: 'full', privacy: { store: { drop: ['visitor.emails'] } } })).toEqual([
      expect.objectContaining({ path: 'privacy.store.drop[0]', hint: 'did you mean visitor.email?' }),
    ]);
  });

  it('needs whole chats: what was cut before leaves as it is', () => {
    expect(problemsOf({ privacy: { drop: ['visitorEmail'] } })).toMatchObject([
      { path: 'privacy', expected: expect.stringContaining('`contents`') },
    ]);
  });

  it('redacts what it knows', () => {
    expect(problemsOf({ contents: 'full', privacy: { redact: ['names'] } })).toMatchObject([
      { path: 'privacy.redact[0]', expected: 'one of cards, emails, phones' },
    ]);
  });
});
