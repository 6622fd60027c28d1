/** The manifest as a person writes it: the zod schema, from which the published JSON Schema is generated too. */
import * as z from 'zod';
import { KINDS } from '../domain/events/kinds.js';
import { DERIVED_FIELDS } from '../domain/projection/fields.js';
import { CONTENTS, REDACTIONS } from '../domain/projection/projection.js';
import { XDM_PATH } from '../domain/source/xdm/xdmFields.js';
import { XDM_TYPE_NAMES } from '../domain/source/xdm/xdmTypes.js';
import { CHOICE_SETTINGS, COUNT_SETTINGS, DURATION_SETTINGS } from '../domain/delivery/deliverySettings.js';
import { IDENTITY_EXPECTED, IDENTITY_FIELDS } from './identity.js';
import { DURATION_PATTERN, parseDuration } from './duration.js';
import { DESTINATION_SPELLINGS } from './mapping.js';
import { SHOWN_BY_ADOBE, SOURCE_TYPES } from './mapping/written.js';

/** Every message below completes "expected …": `problems.ts` shows it beside what was got. */
const slugPattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

const slug = (what: string, maxLength: number, meaning: string) => {
  const error = `${what}: lower case letters, digits and single hyphens, at most ${maxLength} characters`;
  return z.string({ error }).max(maxLength, { error }).regex(slugPattern, { error }).meta({ description: meaning });
};

/**
 * Names and titles that Adobe's lists are filtered by. A comma means "or" in its filters and an equals sign separates
 * field from value (Catalog "Filter data", Flow Service `property=`), so neither may stand in a value.
 */
const LABEL_LENGTH = 120;
const labelPattern = /^(?! )[^,=\p{Cc}]+(?<! )$/u;

const label = (meaning: string) => {
  const error = `1 to ${LABEL_LENGTH} characters, without commas and equals signs, no blank at either end`;
  return z.string({ error }).max(LABEL_LENGTH, { error }).regex(labelPattern, { error }).meta({ description: meaning });
};

/** `oneOf(KINDS)`: an enum whose message lists the choices. */
const oneOf = <const T extends readonly [string, ...string[]]>(choices: T, meaning: string) =>
  z.enum(choices, { error: `one of ${choices.join(', ')}` }).meta({ description: meaning });

const map = <S extends z.ZodRawShape>(shape: S, meaning: string) =>
  z.strictObject(shape, { error: (issue) => (issue.code === 'invalid_type' ? 'a map' : undefined) }).meta({
    description: meaning,
  });

const listOf = <T extends z.ZodType>(element: T, meaning: string) =>
  z.array(element, { error: 'a list' }).meta({ description: meaning });

const XDM_PATH_EXPECTED = 'the path of a field, such as loyalty.tier, tags[*] or cart[*].sku';

const SOURCE_NAMES = Object.keys(DERIVED_FIELDS);

const duration = (facts: { default: string; atLeast: string; atMost: string; meaning: string }) => {
  const error = `a duration from ${facts.atLeast} to ${facts.atMost}, such as ${facts.default} (units ms, s, m, h, d)`;
  const inBounds = (text: string) => {
    const durationMs = parseDuration(text);
    return (
      durationMs !== undefined &&
      durationMs >= (parseDuration(facts.atLeast) ?? 0) &&
      durationMs <= (parseDuration(facts.atMost) ?? 0)
    );
  };
  return z
    .string({ error })
    .regex(DURATION_PATTERN, { error, abort: true })
    .refine(inBounds, { error })
    .optional()
    .meta({ description: facts.meaning, default: facts.default });
};

/** Of `drift`: every look is some ten requests. */
const DRIFT_EVERY = {
  default: '24h',
  atLeast: '1m',
  atMost: '90d',
  meaning: 'How often. off: only by `chatlio-aep drift`.',
};
const DRIFT_EVERY_EXPECTED = 'a duration from 1m to 90d, such as 24h (units ms, s, m, h, d), or off';

const count = (facts: { default: number; atLeast: number; atMost: number; meaning: string }) => {
  const error = `a whole number from ${facts.atLeast} to ${facts.atMost}`;
  return z
    .int({ error })
    .min(facts.atLeast, { error })
    .max(facts.atMost, { error })
    .optional()
    .meta({ description: facts.meaning, default: facts.default });
};

const choice = <const T extends readonly [string, ...string[]]>(facts: {
  default: T[number];
  choices: T;
  meaning: string;
}) => oneOf(facts.choices, facts.meaning).optional().meta({ description: facts.meaning, default: facts.default });

const sourcePath = z
  .string({ error: 'the path of a field, such as visitorEmail' })
  .min(1, { error: 'the path of a field, such as visitorEmail' })
  .max(4096, { error: 'the path of a field, of at most 4096 characters' });

/** Which fields there are decides `mapping/rules.ts`: it depends on the rest of the manifest. */
const DESTINATION =
  /^(?:\{tenant\}\.|_\{TENANT_ID\}\.)?[A-Za-z_]\w*(?:\[(?:\*|\d{1,4})\])*(?:\.[A-Za-z_]\w*(?:\[(?:\*|\d{1,4})\])*)*$/;

const destination = z
  .union([z.enum(DESTINATION_SPELLINGS), z.string().regex(DESTINATION).max(512)], {
    error: 'a field of the XDM schema',
  })
  .meta({
    description:
      'XDM field that the row fills: one of ours, or of `xdm.fields`. Replaces the default row with the same destination.',
  });

const source = z
  .union([z.enum(SOURCE_NAMES), sourcePath, z.literal(false)], {
    error: 'the path of a field, or false to drop the row',
  })
  .meta({ description: 'Path of the field that is read, or false: this XDM field is not filled.' });

const expressionError = 'a Data Prep expression of at most 4096 characters';
const ofAdobe = (meaning: string) => z.unknown().optional().meta({ description: meaning });
const noIdentity = z
  .literal(false, { error: 'false: an identity is declared below `identity`' })
  .optional()
  .meta({ description: 'As Adobe writes it; an identity is declared below `identity`.' });

const mappingRow = map(
  {
    destination: destination.optional(),
    source: source.optional(),
    expression: z
      .string({ error: expressionError })
      .min(1, { error: expressionError })
      .max(4096, { error: expressionError })
      .optional()
      .meta({ description: 'Data Prep expression over fields of an event, in place of `source`.' }),
    sourceType: oneOf(
      SOURCE_TYPES,
      'As Adobe writes it: what `source` is. Default: ATTRIBUTE, the path of a field.',
    ).optional(),
    destinationXdmPath: destination.optional().meta({ description: '`destination` in the older words of Adobe.' }),
    sourceAttribute: sourcePath.optional().meta({ description: '`source` in the older words of Adobe.' }),
    identity: noIdentity,
    primaryIdentity: noIdentity,
    ...Object.fromEntries(SHOWN_BY_ADOBE.map((key) => [key, ofAdobe('As Adobe shows it; not used.')])),
  },
  'One row that differs from the default mapping.',
).meta({
  description: 'One row that differs from the default mapping. It may be written as Adobe writes it.',
  // Said here for editors; `mapping/rules.ts` says it to people.
  anyOf: [{ required: ['destination'] }, { required: ['destinationXdmPath'] }],
});

const mappingRowList = listOf(mappingRow, 'Rows that differ from the default mapping of every field of an event.');

const mapping = z.union(
  [
    mappingRowList,
    map(
      {
        rows: mappingRowList,
        reads: listOf(
          sourcePath,
          'The fields that are read by rows with Data Prep functions that this release does not know.',
        ).optional(),
        defaults: z.boolean({ error: 'true or false' }).optional().meta({
          description:
            'false: only these rows are mapped. Then `_id` must be filled from `eventId` and `timestamp` from `occurredAt`.',
          default: true,
        }),
        proof: z.literal('none', { error: 'none, or no `proof`' }).optional().meta({
          description:
            'none: the rows fill `_id` or `timestamp` with something else, or not at all, as in a source that was made by hand. Then no event can be looked for in the lake: an unknown outcome is held and never sent again automatically, and nothing is confirmed.',
        }),
      },
      'The rows, whether the default rows are mapped beside them, and the fields that are read by rows with unknown functions.',
    ),
  ],
  { error: 'a list of rows, or a map with `rows` and `reads`' },
);

const PRIVATE_PATH = 'a field of Chatlio, or one that is derived of it, such as visitor.email or visitorEmail';
const privatePath = z
  .string({ error: PRIVATE_PATH })
  .min(1, { error: PRIVATE_PATH })
  .max(512, { error: PRIVATE_PATH })
  .meta({ description: 'A field, as a row of the mapping names it; see docs/fields.md.' });

const tagValue = z
  .string({ error: 'text without commas' })
  .regex(/^[^,\p{Cc}]{1,256}$/u, { error: 'text without commas' });

export const manifestSchema = map(
  {
    version: z.literal(1, { error: '1' }).meta({ description: 'Version of this format.' }),
    name: slug(
      'a name',
      40,
      'Names the source, its workflows and its resources. It cannot be changed later: another name is another source.',
    ),
    sandbox: slug('the technical name of a sandbox', 256, 'Technical name of the Adobe sandbox, for example prod.'),
    contents: oneOf(
      CONTENTS,
      'full: chats are stored whole. compact: an event stays below 8,000 bytes, for a dataset that is enabled for Profile.',
    ).optional(),
    privacy: map(
      {
        drop: listOf(privatePath, 'Fields that never leave, with whatever repeats them.').max(100).optional(),
        hash: listOf(
          privatePath,
          'Fields of which only the SHA-256 leaves, of the value trimmed and in lower case. Who can guess a value can tell it from its hash.',
        )
          .max(100)
          .optional(),
        redact: listOf(
          oneOf(REDACTIONS, 'What is replaced in free texts.'),
          'What is replaced in free texts: card numbers, e-mail addresses, phone numbers.',
        ).optional(),
        store: map(
          {
            drop: listOf(
              privatePath,
              'Fields that are not even kept, with whatever repeats them: no later mapping can send them, and nobody can look at them.',
            ).max(100),
          },
          'What is removed from a webhook before it is stored. It cannot be had back.',
        ).optional(),
      },
      'What is not to leave for Adobe.',
    ).optional(),
    chatlio: map(
      {
        widgets: listOf(
          map(
            {
              key: slug('a key', 64, 'A stable name of your own choosing for the widget; part of every event id.'),
              kinds: listOf(oneOf(KINDS, 'Kind of webhook.'), 'Webhooks to take. Default: all five.')
                .min(1, { error: 'at least one kind, or no list for all five' })
                .optional(),
            },
            'A chat widget.',
          ),
          'The chat widgets whose webhooks arrive here.',
        )
          .min(1, { error: 'at least one widget' })
          .max(50, { error: 'at most 50 widgets' }),
      },
      'The Chatlio side.',
    ),
    xdm: map(
      {
        fieldGroup: map(
          { title: label('Title of the field group; unique in the sandbox over all XDM resources.').optional() },
          'The XDM field group.',
        ).optional(),
        schema: map(
          { title: label('Title of the schema; unique in the sandbox over all XDM resources.').optional() },
          'The XDM ExperienceEvent schema.',
        ).optional(),
        fields: listOf(
          map(
            {
              path: z
                .string({ error: XDM_PATH_EXPECTED })
                .max(512, { error: XDM_PATH_EXPECTED })
                .regex(XDM_PATH, { error: XDM_PATH_EXPECTED })
                .meta({
                  description:
                    'Where it stands below the tenant: loyalty.tier, tags[*] (a list), cart[*].sku (a list of objects).',
                }),
              type: oneOf(XDM_TYPE_NAMES, 'Type of the value, or of each value of the list.'),
              title: label('Title of the field. Default: its path.').optional(),
            },
            'A field of your own, for a row of the mapping to fill.',
          ),
          'Fields that the field group has beside ours.',
        )
          .max(100, { error: 'at most 100 fields' })
          .optional(),
      },
      'The XDM side. Default titles come from the name.',
    ).optional(),
    dataset: map(
      {
        name: label('Name of the dataset.').optional(),
        tags: z
          .record(z.string(), z.union([tagValue, z.array(tagValue)], { error: 'text, or a list of texts' }), {
            error: 'a map of tag names to texts',
          })
          .optional()
          .meta({ description: 'Tags of the dataset, each with one or several values.' }),
      },
      'The dataset that the events land in.',
    ).optional(),
    identity: map(
      {
        field: z
          .union([z.enum(IDENTITY_FIELDS), z.string().regex(XDM_PATH).max(512)], { error: IDENTITY_EXPECTED })
          .meta({ description: 'Field of the event that identifies the visitor, or the path of one of `xdm.fields`.' }),
        namespace: z
          .string({ error: 'the code of an identity namespace' })
          .regex(/^[A-Za-z0-9_-]{1,64}$/, { error: 'the code of an identity namespace' })
          .meta({ description: 'Code of an identity namespace that exists already in the sandbox.' }),
        primary: z
          .boolean({ error: 'true or false' })
          .optional()
          .meta({ description: 'Make it the primary identity. Only for visitorUUID.', default: false }),
      },
      'Optional: declares a field as an identity of the visitor.',
    ).optional(),
    mapping: mapping.optional(),
    delivery: map(
      {
        partitions: count(COUNT_SETTINGS.partitions),
        concurrency: count(COUNT_SETTINGS.concurrency),
        maxRequestsPerSecond: count(COUNT_SETTINGS.maxRequestsPerSecond),
        requestTimeout: duration(DURATION_SETTINGS.requestTimeout),
        lease: duration(DURATION_SETTINGS.lease),
        settleWindow: duration(DURATION_SETTINGS.settleWindow),
        schemaSettleWindow: duration(DURATION_SETTINGS.schemaSettleWindow),
        on503: choice(CHOICE_SETTINGS.on503),
        onNotFound: choice(CHOICE_SETTINGS.onNotFound),
        canary: choice(CHOICE_SETTINGS.canary),
        lakeLatency: duration(DURATION_SETTINGS.lakeLatency),
        quietWarning: duration(DURATION_SETTINGS.quietWarning),
        retention: duration(DURATION_SETTINGS.retention),
      },
      'How events are sent. Everything has a sensible default.',
    ).optional(),
    drift: map(
      { every: z.union([z.literal('off'), duration(DRIFT_EVERY)], { error: DRIFT_EVERY_EXPECTED }).optional() },
      'Whether somebody else has changed or deleted objects of the source in Adobe is looked at by itself.',
    ).optional(),
  },
  'A source: one pipeline from Chatlio to Adobe Experience Platform.',
);

export type ManifestInput = z.infer<typeof manifestSchema>;
