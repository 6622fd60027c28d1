import { NO_PRIVACY, type Projection, RECIPE } from '../../src/domain/projection/projection.js';

/** What leaves of originals, where a test does not care. */
export const PROJECTION: Projection = {
  v: 1,
  recipe: RECIPE,
  mappingSet: { id: 'set-1', version: 0 },
  reads: ['eventId', 'message', 'messages[*].text'],
  contents: 'full',
  privacy: NO_PRIVACY,
  absent: 'omitted',
};
