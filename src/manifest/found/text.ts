/** A manifest that says what exists already, commented. */
import { rowLine, rowsNeeded } from '../../dataprep/needed.js';
import { oneLine } from '../../domain/printable.js';
import type { FoundManifest } from '../../domain/source/adoption/adoption.js';
import type { MappingRow } from '../../domain/source/manifest.js';
import { TENANT } from '../../domain/source/xdm/xdmFields.js';

export interface FoundFacts {
  readonly name: string;
  readonly sandbox: string;
  readonly widgets: readonly string[];
  readonly flowId: string;
  /** How the manifest's folder reaches the published JSON Schema. */
  readonly schema: string;
  /** How commands name the file. */
  readonly file: string;
}

/** YAML 1.2 takes JSON for a text. */
const quoted = (text: string): string => JSON.stringify(text);
/** As people write it, where nothing in it means something to YAML. */
const scalar = (text: string): string =>
  /^[a-z][\w.-]*$/i.test(text) && !/^(?:true|false|null|yes|no|on|off)$/i.test(text) ? text : quoted(text);

export function foundManifestText(found: FoundManifest, facts: FoundFacts): string {
  const { name, sandbox, widgets, flowId, schema, file } = facts;
  return [
    `# yaml-language-server: $schema=${schema}`,
    '#',
    `# What the flow ${flowId} consists of.`,
    `#   chatlio-aep adopt ${oneLine(file)} --flow ${flowId}   take it over`,
    ...(found.unsaid.length === 0 ? [] : ['#', '# What a manifest cannot say, so that it is not as this file says:']),
    ...found.unsaid.map((text) => `#   - ${oneLine(text)}`),
    'version: 1',
    '',
    '# Names the source and its workflows. Another name is another source.',
    `name: ${scalar(name)}`,
    `sandbox: ${scalar(sandbox)}`,
    '',
    ...(found.isForProfile
      ? ['# The dataset is enabled for Profile, which drops events above 10 KB.', 'contents: compact']
      : ['# Webhooks are kept as they were posted; what leaves is what the rows below read.', 'contents: full']),
    '',
    'chatlio:',
    '  widgets:',
    '    # Names of your own choosing for the chat widgets. They are part of every event id: keep them.',
    ...widgets.map((key) => `    - key: ${scalar(key)}`),
    '',
    'xdm:',
    `  fieldGroup: {title: ${quoted(found.fieldGroup)}}`,
    `  schema: {title: ${quoted(found.schema)}}`,
    ...(found.fields.length === 0 ? [] : ['  fields:']),
    ...found.fields.map(({ path, type }) => `    - {path: ${quoted(path)}, type: ${type}}`),
    '',
    'dataset:',
    `  name: ${quoted(found.dataset)}`,
    ...tagLines(found.tags),
    '',
    ...identityLines(found),
    'mapping:',
    '  # These rows and no others, as the mapping set has them.',
    '  defaults: false',
    ...proofLines(found.rows),
    '  rows:',
    ...found.rows.map((row) => `    ${rowText(row)}`),
    '',
  ].join('\n');
}

export function hasProof({ rows }: Pick<FoundManifest, 'rows'>): boolean {
  return rowsNeeded(rows).length === 0;
}

/** For a person: the rows that would have to be added for proof. */
export function rowsForProof(rows: readonly MappingRow[]): string {
  return rowsNeeded(rows)
    .map((row) => `\`${rowLine(row)}\``)
    .join(' and ');
}

function tagLines(tags: FoundManifest['tags']): string[] {
  const rows = Object.entries(tags);
  if (rows.length === 0) return [];
  return ['  tags:', ...rows.map(([tag, values]) => `    ${quoted(tag)}: [${values.map(quoted).join(', ')}]`)];
}

function identityLines({ identity }: FoundManifest): string[] {
  if (identity === undefined) return [];
  const { field, namespace, primary } = identity;
  return [`identity: {field: ${quoted(field)}, namespace: ${quoted(namespace)}, primary: ${primary}}`, ''];
}

function proofLines(rows: readonly MappingRow[]): string[] {
  const needed = rowsNeeded(rows);
  if (needed.length === 0) return [];
  return [
    '  # The rows do not tell events apart in the lake. So an unknown outcome is held and never sent again automatically, and nothing is',
    '  # confirmed. To have proof, remove this line, and put these rows in the place of others that fill the same fields:',
    ...needed.map((row) => `  #   ${rowLine(row)}`),
    '  proof: none',
  ];
}

function rowText({ source, sourceType, destination }: MappingRow): string {
  const from = sourceType === 'ATTRIBUTE' ? 'source' : 'expression';
  return `- {${from}: ${quoted(source)}, destination: ${quoted(destination.replace(TENANT, ''))}}`;
}
