/** Figures are read of all sources at once: what one scrape costs does not grow by a statement with each source. */
import { describe, expect, it } from 'vitest';
import { readDeliveryHealth } from '../../../src/store/views/deliveryHealth.js';
import { countEvents } from '../../../src/store/views/eventCounts.js';
import { readFigures } from '../../../src/store/views/figures.js';
import { addSources, statementsOf } from '../../support/manySources.js';
import { withDatabase } from '../../support/store.js';

const database = withDatabase();

describe('figures of 1,000 sources', () => {
  it('cost as many statements as those of ten, and say of each what a look at it alone says', async () => {
    await addSources(database(), 10);
    const ofTen = await statementsOf(database(), readFigures);
    await addSources(database(), 990);
    expect(await statementsOf(database(), readFigures)).toBe(ofTen);

    const { sources } = await readFigures(database());
    expect(sources).toHaveLength(1_000);
    const { rows } = await database().pool.query<{ id: number; name: string }>(
      'select id, name from source order by id limit 10',
    );
    for (const { id, name } of rows) {
      const { counters } = await countEvents(database(), id);
      const figures = sources.find(({ source }) => source === name);
      expect(figures).toMatchObject({
        taken: counters.taken,
        waiting: counters.waiting,
        exceptions: Object.entries(counters.exceptions).map(([reason, count]) => ({ reason, state: 'held', count })),
      });
      expect(figures?.confirmed).toBe(counters.confirmed);
      expect(figures?.oldestUnconfirmedMs === undefined).toBe(counters.confirmed === undefined);
    }
  });

  it('and so do the findings of `doctor` about them', async () => {
    expect(await statementsOf(database(), readDeliveryHealth)).toBeLessThan(10);
  });
});
