import { describe, expect, it } from 'vitest';
import { leavingPrivacy, NO_PRIVACY } from '../../../src/domain/projection/projection.js';

describe('what leaves of a body', () => {
  it('is whole where nobody has said anything of privacy', () => {
    expect(leavingPrivacy(NO_PRIVACY)).toEqual({ drop: [], hash: [], redact: [] });
  });

  it('is without what is not even kept, each path once: bodies that were kept before have it', () => {
    const store = { drop: ['visitor.location', 'message'] };
    expect(leavingPrivacy({ store, drop: ['message'], hash: ['visitor.email'], redact: ['cards'] })).toEqual({
      drop: ['message', 'visitor.location'],
      hash: ['visitor.email'],
      redact: ['cards'],
    });
  });
});
