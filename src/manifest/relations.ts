/**
 * Rules between fields, which no single field can break.
 *
 * They look at the raw document and judge only what is well-formed there, so that a person sees these problems
 * together with all others, not one correction later.
 */
import { CANONICAL_FIELDS } from '../domain/events/canonical.js';
import { COUNT_SETTINGS, DURATION_SETTINGS, type DurationSetting } from '../domain/delivery/deliverySettings.js';
import { nearest } from './suggestion.js';
import { formatDuration, parseDuration } from './duration.js';
import { defaultTitles } from './defaults.js';
import { at, type BrokenRule, isMap, list, repeated } from './document.js';
import { fullDestination } from './mapping.js';
import { choiceIn, destinationOf, isWithoutDefaults, mappingRules, rowsWritten } from './mapping/rules.js';
import { privacyRules } from './mapping/privacyRules.js';
import { IDENTITY_EXPECTED, IDENTITY_FIELDS } from './identity.js';
import { areAtOdds, isOurOwn, TENANT, XDM_PATH } from '../domain/source/xdm/xdmFields.js';

export function brokenRules(document: unknown): BrokenRule[] {
  return [
    ...widgetRules(document),
    ...titleRules(document),
    ...fieldRules(document),
    ...tagRules(document),
    ...mappingRules(document),
    ...privacyRules(document),
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
  const titles = defaultTitles(typeof name === 'string' ? name : '');
  const fieldGroup = at(document, 'xdm', 'fieldGroup', 'title') ?? titles.fieldGroup;
  const schema = at(document, 'xdm', 'schema', 'title') ?? titles.schema;
  if (typeof fieldGroup !== 'string' || typeof schema !== 'string') return [];
  if (fieldGroup.toLowerCase() !== schema.toLowerCase()) return [];
  const written = at(document, 'xdm', 'schema', 'title') === undefined ? 'fieldGroup' : 'schema';
  return [{ path: ['xdm', written, 'title'], expected: 'different titles for the field group and the schema' }];
}

/** Fields of a person's own stand beside ours and beside one another. */
function fieldRules(document: unknown): BrokenRule[] {
  const paths = list(document, 'xdm', 'fields').map((field) => {
    const path = at(field, 'path');
    return typeof path === 'string' && XDM_PATH.test(path) ? path : undefined;
  });
  return paths.flatMap((path, index): BrokenRule[] => {
    if (path === undefined) return [];
    const where = ['xdm', 'fields', index, 'path'];
    if (isOurOwn(path)) return [{ path: where, expected: 'a field that is not among ours already' }];
    const other = paths.slice(0, index).find((one) => one !== undefined && areAtOdds(one, path));
    return other === undefined ? [] : [{ path: where, expected: `a field that can stand beside ${other}` }];
  });
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
  if (typeof field !== 'string') return rules;
  const own = IDENTITY_FIELDS.find((one) => one === field);
  const added = choiceIn(document).xdm?.fields?.find(({ path }) => path === field);
  if (own === undefined && (added?.type !== 'string' || field.includes('[*]'))) {
    const expected = added === undefined ? IDENTITY_EXPECTED : 'a field with one text';
    const meant = added === undefined ? nearest(field, IDENTITY_FIELDS) : undefined;
    rules.push({
      path: ['identity', 'field'],
      expected,
      ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
    });
    return rules;
  }
  const destination = own === undefined ? fullDestination(field) : CANONICAL_FIELDS[own].destination;
  const { rows, path } = rowsWritten(document);
  const place = rows.findIndex((row) => destinationOf(row) === destination);
  if (place !== -1 && at(rows[place], 'source') === false) {
    rules.push({ path: [...path, place, 'source'], expected: `${destination} to be filled: it is the identity` });
  }
  if (place === -1 && (own === undefined || isWithoutDefaults(document))) {
    const unfilled = destination.replace(TENANT, '');
    rules.push({ path: ['identity', 'field'], expected: `${unfilled} to be filled by a row of the mapping` });
  }
  return rules;
}

function deliveryRules(document: unknown): BrokenRule[] {
  const durationOf = (setting: DurationSetting): number | undefined => {
    const text = at(document, 'delivery', setting) ?? DURATION_SETTINGS[setting].default;
    return typeof text === 'string' ? parseDuration(text) : undefined;
  };
  const countOf = (setting: keyof typeof COUNT_SETTINGS): number | undefined => {
    const count = at(document, 'delivery', setting) ?? COUNT_SETTINGS[setting].default;
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
    ...notBelow(
      'schemaSettleWindow',
      'settleWindow',
      'Adobe needs at least as long after a change of the schema as after a change of the flow',
    ),
    ...notBelow('retention', 'lakeLatency', 'a body must be kept until its event was looked for in the lake'),
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
