import { parsePath } from '../../dataprep/path.js';

/** What stands in an XDM event at the destination of a mapping; undefined where nothing does. */
export function valueAt(event: unknown, destination: string): unknown {
  const path = parsePath(destination) ?? [];
  let value: unknown = path.length === 0 ? undefined : event;
  for (const part of path) {
    // Of a whole list: the list itself says what each element got.
    if ('index' in part && part.index === 'every') return value;
    value = memberOf(value, 'index' in part ? String(part.index) : part.name);
  }
  return value;
}

function memberOf(holder: unknown, name: string): unknown {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) return undefined;
  return (holder as Readonly<Record<string, unknown>>)[name];
}
