import { expect, it } from 'vitest';
import { widgetFact, widgetOf } from '../../../src/domain/events/arrivalFacts.js';

it('the widget of an arrival is read back from among its facts, also as earlier releases wrote it', () => {
  expect(widgetOf(['held: too large', widgetFact('main-site'), 'posted twice'])).toBe('main-site');
  expect(widgetOf(['posted for the widget shop'])).toBe('shop');
});

it('an arrival whose facts name no widget has none', () => {
  expect(widgetOf(['held: too large', 'not posted for the widget shop'])).toBeUndefined();
});
