import { expect, it } from 'vitest';
import { createInlets, type InletFactory } from '../../../src/activities/drain/inlets.js';

type Settings = Parameters<InletFactory>[0];
const SETTINGS: Settings = {
  url: 'https://dcs.example/collection/1',
  flowId: 'f-1',
  requestTimeoutMs: 1_000,
  on503: 'strict',
  connections: 2,
};

function world() {
  const opened: Settings[] = [];
  const closed: string[] = [];
  let nowMs = 0;
  const inlets = createInlets(
    (settings) => {
      opened.push(settings);
      return {
        post: () => Promise.reject(new Error('nothing is posted here')),
        close: () => Promise.resolve(void closed.push(settings.flowId)),
      };
    },
    () => nowMs,
  );
  return { inlets, opened, closed, later: (minutes: number) => (nowMs += minutes * 60_000) };
}

it('the drains of a source share one inlet, until its settings are others', () => {
  const { inlets, opened, closed } = world();
  expect(inlets.get('a', SETTINGS)).toBe(inlets.get('a', { ...SETTINGS }));
  expect(inlets.get('b', SETTINGS)).not.toBe(inlets.get('a', SETTINGS));
  expect(closed).toEqual([]);
  inlets.get('a', { ...SETTINGS, flowId: 'f-2' });
  expect(closed).toEqual(['f-1']);
  expect(opened).toHaveLength(3);
});

it('what no drain has asked for in ten minutes is closed, so that sources that are gone take no memory', () => {
  const { inlets, closed, later } = world();
  inlets.get('idle', { ...SETTINGS, flowId: 'idle' });
  const busy = inlets.get('busy', SETTINGS);
  later(9);
  expect(inlets.get('busy', SETTINGS)).toBe(busy);
  later(2);
  expect(inlets.get('busy', SETTINGS)).toBe(busy);
  expect(closed).toEqual(['idle']);
});
