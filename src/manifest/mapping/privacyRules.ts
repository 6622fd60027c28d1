/** Rules on what is not to leave: it is done to whole chats alone, and a field that does not exist would leave after all. */
import { at, type BrokenRule, isMap, list } from '../document.js';
import { unknownInOriginal } from './names.js';

export function privacyRules(document: unknown): BrokenRule[] {
  if (!isMap(at(document, 'privacy'))) return [];
  if (at(document, 'contents') === undefined) {
    const expected = '`contents` beside it: events that are cut when they are taken leave as they are';
    return [{ path: ['privacy'], expected, got: 'no `contents`' }];
  }
  return [['drop'], ['hash'], ['store', 'drop']].flatMap((what) =>
    list(document, 'privacy', ...what).flatMap((path, index): BrokenRule[] => {
      const unknown = typeof path === 'string' ? unknownInOriginal(path) : undefined;
      return unknown === undefined ? [] : [{ path: ['privacy', ...what, index], ...unknown }];
    }),
  );
}
