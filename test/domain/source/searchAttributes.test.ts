import { expect, it } from 'vitest';
import { SEARCH_ATTRIBUTE_NAMES, SOURCE_PHASE } from '../../../src/domain/source/searchAttributes.js';

it('sources are found in Temporal by name, phase and what holds them, as people have saved their searches', () => {
  expect(SEARCH_ATTRIBUTE_NAMES).toEqual(['SourceName', 'SourcePhase', 'HeldReason']);
  expect(SOURCE_PHASE.type).toBe('KEYWORD');
});
