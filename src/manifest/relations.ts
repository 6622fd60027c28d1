/**
 * Rules between fields, which no single field can break.
 *
 * They look at the raw document and judge only what is well-formed there, so that a person sees these problems
 * together with all others, not one correction later.
 */
import { CANONICAL_FIELDS } from '../domain/canonical.js';
import { COUNT_SETTINGS, DURATION_SETTINGS, type DurationSetting } from '../domain/deliverySettings.js';
import { formatDuration, parseDuration } from './duration.js';
import { standardTitles } from './defaults.js';
import { fullDestination, NEEDED_DESTINATIONS } from './mapping.js';

/** A broken rule at a path: `got` defaults to what stands there. */
export interface BrokenRule {
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly got?: string;
  readonly hint?: string;
}

export function brokenRules(document: unknown): BrokenRule[] {
  return [
    ...widgetRules(document),
    ...titleRules(document),
    ...tagRules(document),
    ...mappingRules(document),
    ...identityRules(document),
    ...deliveryRules(document),
  ];
}

function widgetRules(document: unknown): BrokenRule[] {
  const widgets = list(document, 'chatlio', 'widgets');
  return [
    ...repeated(widgets.map((widget) => at(widget, 'key'))).map((index) => ({
      path: ['chatlio', 'widgets', index, 'key'],
      expected: 'a key that no other widget has',
    })),
    ...widgets.flatMap((widget, index) =>
      repeated(list(widget, 'kinds')).map((position) => ({
        path: ['chatlio', 'widgets', index, 'kinds', position],
        expected: 'each kind once',
      })),
    ),
  ];
}

/** XDM titles are unique in a sandbox over all types of resources (Schema Registry, error XDM-1521). */
function titleRules(document: unknown): BrokenRule[] {
  const name = at(document, 'name');
  const standard = standardTitles(typeof name === 'string' ? name : '');
  const fieldGroup = at(document, 'xdm', 'fieldGroup', 'title') ?? standard.fieldGroup;
  const schema = at(document, 'xdm', 'schema', 'title') ?? standard.schema;
  if (typeof fieldGroup !== 'string' || typeof schema !== 'string') return [];
  if (fieldGroup.toLowerCase() !== schema.toLowerCase()) return [];
  const written = at(document, 'xdm', 'schema', 'title') === undefined ? 'fieldGroup' : 'schema';
  return [{ path: ['xdm', written, 'title'], expected: 'different titles for the field group and the schema' }];
}

/** Tags that enable Profile, and those that the platform and this program set themselves. */
function tagRules(document: unknown): BrokenRule[] {
  const tags = at(document, 'dataset', 'tags');
  if (!isMap(tags)) return [];
  return Object.keys(tags).flatMap((tag): BrokenRule[] => {
    const path = ['dataset', 'tags', tag];
    if (/^(unifiedProfile|unifiedIdentity)$/i.test(tag)) {
      return [{ path, expected: 'no tag that enables Profile', got: `the tag ${tag}` }];
    }
    if (/^(adobe\/|chatlio-aep|__proto__$)/.test(tag)) {
      return [{ path, expected: 'a tag that is not reserved', got: `the tag ${tag}` }];
    }
    if (!/^[^,:=*\p{Cc}]{1,128}$/u.test(tag)) {
      return [
        { path, expected: 'a tag name without commas, colons, equals signs and asterisks', got: `the tag ${tag}` },
      ];
    }
    return [];
  });
}

function mappingRules(document: unknown): BrokenRule[] {
  const rows = list(document, 'mapping');
  const destinations = rows.map((row) => {
    const destination = at(row, 'destination');
    return typeof destination === 'string' ? fullDestination(destination) : undefined;
  });
  return [
    ...repeated(destinations).map((index) => ({
      path: ['mapping', index, 'destination'],
      expected: 'each destination once',
    })),
    ...rows.flatMap((row, index) => (isMap(row) ? rowRules(row, destinations[index], ['mapping', index]) : [])),
  ];
}

function rowRules(row: object, destination: string | undefined, path: (string | number)[]): BrokenRule[] {
  const source = at(row, 'source');
  const expression = at(row, 'expression');
  if (source === undefined && expression === undefined) {
    return [{ path, expected: '`source` or `expression`', got: 'neither' }];
  }
  if (source !== undefined && expression !== undefined) {
    return [{ path, expected: 'either `source` or `expression`', got: 'both' }];
  }
  if (destination === '_id' && source !== 'eventId') {
    const at = source === undefined ? 'expression' : 'source';
    return [{ path: [...path, at], expected: '_id filled from eventId, by which a second copy is recognised' }];
  }
  if (source === false && NEEDED_DESTINATIONS.some((needed) => needed === destination)) {
    return [{ path: [...path, 'source'], expected: `${destination} to be filled: every ExperienceEvent needs it` }];
  }
  return [];
}

function identityRules(document: unknown): BrokenRule[] {
  const identity = at(document, 'identity');
  const field = at(identity, 'field');
  const rules: BrokenRule[] = [];
  if (at(identity, 'primary') === true && field !== undefined && field !== 'visitorUUID') {
    rules.push({
      path: ['identity', 'primary'],
      expected: 'false for every field but visitorUUID: a record without its primary identity is refused',
    });
  }
  if (typeof field === 'string' && Object.hasOwn(CANONICAL_FIELDS, field)) {
    const { destination } = CANONICAL_FIELDS[field as keyof typeof CANONICAL_FIELDS];
    const dropped = list(document, 'mapping').findIndex((row) => {
      const spelling = at(row, 'destination');
      return typeof spelling === 'string' && fullDestination(spelling) === destination && at(row, 'source') === false;
    });
    if (dropped !== -1) {
      rules.push({ path: ['mapping', dropped, 'source'], expected: `${destination} to be filled: it is the identity` });
    }
  }
  return rules;
}

function deliveryRules(document: unknown): BrokenRule[] {
  const durationOf = (setting: DurationSetting): number | undefined => {
    const text = at(document, 'delivery', setting) ?? DURATION_SETTINGS[setting].standard;
    return typeof text === 'string' ? parseDuration(text) : undefined;
  };
  const countOf = (setting: keyof typeof COUNT_SETTINGS): number | undefined => {
    const count = at(document, 'delivery', setting) ?? COUNT_SETTINGS[setting].standard;
    return typeof count === 'number' ? count : undefined;
  };
  const notBelow = (setting: DurationSetting, floor: DurationSetting, reason: string): BrokenRule[] => {
    const durationMs = durationOf(setting);
    const floorMs = durationOf(floor);
    if (durationMs === undefined || floorMs === undefined || durationMs >= floorMs) return [];
    const written = at(document, 'delivery', setting) === undefined ? floor : setting;
    return [
      {
        path: ['delivery', written],
        expected: `${setting} (${formatDuration(durationMs)}) not below ${floor} (${formatDuration(floorMs)}): ${reason}`,
      },
    ];
  };
  const partitions = countOf('partitions');
  const rate = countOf('maxRequestsPerSecond');
  const starving = partitions !== undefined && rate !== undefined && rate < partitions;
  return [
    ...notBelow('schemaSettleWindow', 'settleWindow', 'a change of the schema settles no sooner than one of the flow'),
    ...notBelow('retention', 'lakeLatency', 'a body must outlive the wait for its event in the lake'),
    ...(starving
      ? [
          {
            path: [
              'delivery',
              at(document, 'delivery', 'maxRequestsPerSecond') === undefined ? 'partitions' : 'maxRequestsPerSecond',
            ],
            expected: `at least one request per second for each of the ${partitions} partitions`,
          },
        ]
      : []),
  ];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value below `path`, own properties only. */
function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isMap(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}

function list(value: unknown, ...path: string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** Positions whose text stood earlier in the list. */
function repeated(values: readonly unknown[]): number[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    if (typeof value !== 'string') return [];
    const isRepeated = seen.has(value);
    seen.add(value);
    return isRepeated ? [index] : [];
  });
}
