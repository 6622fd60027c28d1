/**
 * Adobe's own resources that an ExperienceEvent schema is made of, cut down to the fields that matter for events: classes,
 * behaviours, data types and a few field groups of the `global` container.
 */
import type { JsonObject } from '../values/json.js';
import type { StoredRegistryResource } from '../state/stored.js';

const EXPERIENCE_EVENT_CLASS = 'https://ns.adobe.com/xdm/context/experienceevent';
const PROFILE_CLASS = 'https://ns.adobe.com/xdm/context/profile';
export const TIME_SERIES_BEHAVIOUR = 'https://ns.adobe.com/xdm/data/time-series';
const RECORD = 'https://ns.adobe.com/xdm/data/record';
const IDENTITY_MAP = 'https://ns.adobe.com/xdm/context/identitymap';
const IDENTITY_ITEM = 'https://ns.adobe.com/xdm/context/identityitem';
const ENVIRONMENT = 'https://ns.adobe.com/xdm/context/experienceevent-environment-details';

const text = (title: string, more: JsonObject = {}): JsonObject => ({ type: 'string', title, ...more });

function resource(
  id: string,
  resourceType: StoredRegistryResource['resourceType'],
  title: string,
  body: JsonObject,
): StoredRegistryResource {
  const altId = id.replace('https://ns.adobe.com/', '_').replaceAll('/', '.');
  const document = {
    $id: id,
    'meta:altId': altId,
    'meta:resourceType': resourceType,
    version: '1.0',
    title,
    type: 'object',
    'meta:xdmType': 'object',
    'meta:containerId': 'global',
    'meta:extensible': resourceType !== 'behaviors',
    'meta:abstract': true,
    ...body,
  };
  return { id, altId, resourceType, title, version: '1.0', createdAtMs: 0, updatedAtMs: 0, document };
}

const definition = (name: string, properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  definitions: { [name]: { properties, ...more } },
  allOf: [{ $ref: `#/definitions/${name}` }],
});

export const GLOBAL_RESOURCES: readonly StoredRegistryResource[] = [
  resource(TIME_SERIES_BEHAVIOUR, 'behaviors', 'Time-series Schema', {
    ...definition(
      'time-series',
      {
        _id: text('Identifier', { minLength: 1, description: 'A unique identifier for the time-series event.' }),
        timestamp: text('Timestamp', { format: 'date-time', description: 'When the event occurred (RFC 3339).' }),
      },
      { required: ['_id', 'timestamp'] },
    ),
  }),
  resource(RECORD, 'behaviors', 'Record Schema', definition('record', { _id: text('Identifier') })),
  resource(EXPERIENCE_EVENT_CLASS, 'classes', 'XDM ExperienceEvent', {
    'meta:extends': [TIME_SERIES_BEHAVIOUR],
    definitions: {
      experienceevent: {
        properties: {
          eventMergeId: text('ExperienceEvent merge ID'),
          eventType: text('Event Type', { description: 'The primary event type for this time-series record.' }),
          producedBy: text('Produced By'),
        },
      },
    },
    allOf: [{ $ref: TIME_SERIES_BEHAVIOUR }, { $ref: '#/definitions/experienceevent' }],
  }),
  resource(PROFILE_CLASS, 'classes', 'XDM Individual Profile', {
    'meta:extends': [RECORD],
    definitions: {
      profile: {
        properties: {
          createdByBatchID: text('Created by batch identifier'),
          modifiedByBatchID: text('Modified by batch identifier'),
          personID: text('Person ID'),
          repositoryCreatedBy: text('Created by user identifier'),
        },
      },
    },
    allOf: [{ $ref: RECORD }, { $ref: '#/definitions/profile' }],
  }),
  resource(IDENTITY_ITEM, 'datatypes', 'Identity Item', {
    ...definition('identityitem', {
      id: text('Identifier'),
      authenticatedState: text('Authenticated State', { enum: ['ambiguous', 'authenticated', 'loggedOut'] }),
      primary: { type: 'boolean', title: 'Primary', default: false },
    }),
  }),
  resource(IDENTITY_MAP, 'mixins', 'IdentityMap', {
    'meta:intendedToExtend': [EXPERIENCE_EVENT_CLASS, PROFILE_CLASS],
    ...definition('identitymap', {
      identityMap: {
        type: 'object',
        title: 'IdentityMap',
        additionalProperties: { type: 'array', items: { $ref: IDENTITY_ITEM } },
      },
    }),
  }),
  resource(ENVIRONMENT, 'mixins', 'Environment Details', {
    'meta:intendedToExtend': [EXPERIENCE_EVENT_CLASS],
    ...definition('experienceevent-environment-details', {
      environment: {
        type: 'object',
        title: 'Environment',
        properties: { type: text('Type'), ipV4: text('IPv4'), domain: text('Domain') },
      },
    }),
  }),
];
