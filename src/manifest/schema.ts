/** The manifest as a person writes it: the zod schema, from which the published JSON Schema is generated too. */
import { z } from 'zod';
import { CANONICAL_FIELD_NAMES } from '../domain/canonical.js';
import { KINDS } from '../domain/kinds.js';
import { CHOICE_SETTINGS, COUNT_SETTINGS, DURATION_SETTINGS } from '../domain/deliverySettings.js';
import { DURATION_PATTERN, parseDuration } from './duration.js';
import { DESTINATION_SPELLINGS } from './mapping.js';

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

const duration = (facts: { standard: string; atLeast: string; atMost: string; meaning: string }) => {
  const error = `a duration from ${facts.atLeast} to ${facts.atMost}, such as ${facts.standard} (units ms, s, m, h, d)`;
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
    .meta({ description: facts.meaning, default: facts.standard });
};

const count = (facts: { standard: number; atLeast: number; atMost: number; meaning: string }) => {
  const error = `a whole number from ${facts.atLeast} to ${facts.atMost}`;
  return z
    .int({ error })
    .min(facts.atLeast, { error })
    .max(facts.atMost, { error })
    .optional()
    .meta({ description: facts.meaning, default: facts.standard });
};

const choice = <const T extends readonly [string, ...string[]]>(facts: {
  standard: T[number];
  choices: T;
  meaning: string;
}) => oneOf(facts.choices, facts.meaning).optional().meta({ description: facts.meaning, default: facts.standard });

const canonicalField = z.enum(CANONICAL_FIELD_NAMES, { error: 'a field of the canonical event' });

const mappingRow = map(
  {
    destination: z
      .enum(DESTINATION_SPELLINGS, { error: 'a field of the XDM schema' })
      .meta({ description: 'XDM field that the row fills. Replaces the standard row with the same destination.' }),
    source: z
      .union([canonicalField, z.literal(false)], { error: 'a field of the canonical event, or false to drop the row' })
      .optional()
      .meta({ description: 'Field of the canonical event, or false: this XDM field is not filled.' }),
    expression: z
      .string({ error: 'a Data Prep expression of at most 4096 characters' })
      .min(1, { error: 'a Data Prep expression of at most 4096 characters' })
      .max(4096, { error: 'a Data Prep expression of at most 4096 characters' })
      .optional()
      .meta({ description: 'Data Prep expression over fields of the canonical event, in place of `source`.' }),
  },
  'One row that differs from the standard mapping.',
);

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
    chatlio: map(
      {
        widgets: listOf(
          map(
            {
              key: slug('a key', 64, 'A stable name of your own choosing for the widget; part of every event id.'),
              kinds: listOf(oneOf(KINDS, 'Kind of webhook.'), 'Webhooks to take. Standard: all five.')
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
      },
      'The XDM side. Standard titles come from the name.',
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
          .enum(['visitorUUID', 'visitorEmail', 'visitorUserId', 'visitorHandle'], {
            error: 'one of visitorUUID, visitorEmail, visitorUserId, visitorHandle',
          })
          .meta({ description: 'Field of the canonical event that identifies the visitor.' }),
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
    mapping: listOf(
      mappingRow,
      'Rows that differ from the standard mapping of every field of the canonical event.',
    ).optional(),
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
        lakeLatency: duration(DURATION_SETTINGS.lakeLatency),
        quietWarning: duration(DURATION_SETTINGS.quietWarning),
        retention: duration(DURATION_SETTINGS.retention),
      },
      'How events are sent. Everything has a sensible standard value.',
    ).optional(),
  },
  'A source: one pipeline from Chatlio to Adobe Experience Platform.',
);

export type ManifestInput = z.infer<typeof manifestSchema>;
