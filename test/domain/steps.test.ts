import { describe, expect, it } from 'vitest';
import { findMarker, markerText, STEP_NAMES, STEPS } from '../../src/domain/steps.js';

describe('steps', () => {
  it('come after everything they depend on', () => {
    for (const [index, step] of STEP_NAMES.entries()) {
      for (const dependency of STEPS[step].dependsOn) {
        expect(STEP_NAMES.indexOf(dependency), `${step} after ${dependency}`).toBeLessThan(index);
      }
    }
  });
});

describe('marker', () => {
  const marker = { name: 'support-chat', uid: '7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11' };

  it('is found again inside other text', () => {
    expect(findMarker(`Fields of Chatlio events. [${markerText(marker)}]`)).toEqual(marker);
  });

  it('is not found where there is none', () => {
    expect(findMarker('Fields of Chatlio events')).toBeUndefined();
    expect(findMarker(undefined)).toBeUndefined();
  });
});
