/** Lists of the registry: `property`, `orderby`, `limit`, `start` ("Schema Registry API guide", appendix). */
import { type Json, textOf } from '../values/json.js';
import { fits, parsePropertyFilter, valuesAt } from '../values/propertyFilter.js';
import type { StoredRegistryResource } from '../state/stored.js';

export interface ListPage {
  readonly resources: readonly StoredRegistryResource[];
  readonly orderby: string;
  /** The last sort value of this page, with which the next one begins (exclusive). */
  readonly next: string | null;
}

/** @param longestPage used when no limit is given, and when it is higher */
export function pageOf(
  resources: readonly StoredRegistryResource[],
  query: URLSearchParams,
  longestPage: number,
): ListPage {
  const filters = query.getAll('property').flatMap((expression) => parsePropertyFilter(expression) ?? []);
  const orderby = query.get('orderby') ?? 'updated';
  const field = orderby.replace(/^[-+ ]/, '');
  const descending = orderby.startsWith('-') || (orderby === 'updated' && !query.has('orderby'));
  const direction = descending ? -1 : 1;
  const start = query.get('start');
  const matching = resources
    .filter((resource) => filters.every((filter) => fits(resource.document, filter)))
    .map((resource) => ({ resource, value: sortValue(resource, field) }))
    .sort((a, b) => direction * compareValues(a.value, b.value))
    .filter(({ value }) => start === null || direction * compareValues(value, typed(start, value)) > 0);
  // A limit counts only together with an order.
  const asked = query.has('orderby') ? Number(query.get('limit') ?? longestPage) : longestPage;
  const limit = Number.isInteger(asked) && asked > 0 ? Math.min(asked, longestPage) : longestPage;
  let end = Math.min(limit, matching.length);
  // The next page begins after a value, so rows of equal value must not be parted.
  while (end < matching.length && compareValues(matching[end]?.value, matching[end - 1]?.value) === 0) end += 1;
  const next = end < matching.length ? textOf(matching[end - 1]?.value) : null;
  return { resources: matching.slice(0, end).map(({ resource }) => resource), orderby, next };
}

function sortValue(resource: StoredRegistryResource, field: string): Json | undefined {
  if (field === 'updated') return resource.updatedAtMs;
  if (field === 'created') return resource.createdAtMs;
  return valuesAt(resource.document, field)[0];
}

const typed = (text: string, like: Json | undefined) => (typeof like === 'number' ? Number(text) : text);

function compareValues(a: Json | undefined, b: Json | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [textOf(a ?? ''), textOf(b ?? '')];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
