/**
 * The names that a release promises: what runs, files, databases, dashboards and scripts of others hold them, so they may be
 * added to and never renamed. Read from the text of a release's files, wherever in the tree they stand.
 */

/** Text by path from the project's folder. */
export type Tree = ReadonlyMap<string, string>;
export type Names = Readonly<Record<string, readonly string[]>>;

export function collectNames(tree: Tree): Names {
  const source = textOf(tree, /^src\/.*\.ts$/);
  const domain = textOf(tree, /^src\/domain\/.*\.ts$/);
  const workflows = textOf(tree, /^src\/workflows\/.*\.ts$/);
  const program = textOf(tree, /^src\/cli\/.*\.ts$/);
  return {
    workflows: sorted(all(tree.get('src/workflows/index.ts') ?? '', /export \{ (\w+) \}/g)),
    'updates, queries and signals': ['SOURCE', 'FORWARDER'].flatMap((of) => {
      const [, body = ''] =
        new RegExp(`${of}_MESSAGES = \\{([^}]*?)\\} as const`, 's').exec(withoutComments(domain)) ?? [];
      return sorted(all(body, /: '(\w+)'/g).map((name) => `${of.toLowerCase()} ${name}`));
    }),
    activities: sorted([
      ...all(domain, /interface \w*Activities[^{]*\{(.*?)^\}/gms).flatMap((body) => all(body, /^ {2}(\w+)\(/gm)),
      ...all(domain, /const INQUIRIES[^{]*\{(.*?)^\}/gms).flatMap((body) => all(body, /^ {2}(\w+): \{/gm)),
    ]),
    'patch ids': sorted(
      all(workflows, /patched\(('[\w-]+'|[A-Z_]+)\)/g).flatMap((id) =>
        id.startsWith("'") ? [id.slice(1, -1)] : all(source, new RegExp(`const ${id} = '([\\w-]+)'`, 'g')),
      ),
    ),
    'search attributes': sorted(all(source, /(?:defineSearchAttributeKey|keyword)\('(\w+)'/g)),
    'state members': sorted(membersOf(domain, /(State|Input|Report|Result|Hold|Status|Counters)$/)),
    'tables and columns': sorted(columnsOf(tree)),
    'values of the database and of answers': sorted(
      [...domain.matchAll(/^export const [A-Z_]+ = \[([^\]]*)\] as const/gm)].flatMap(([, body = '']) =>
        all(body, /'([\w-]+)'/g),
      ),
    ),
    'members of spool and journal': sorted([
      ...all(textOf(tree, /^src\/receiver\/spool\/spooledEvent\.ts$/), /^ {4}(\w+)(?:: .*)?,$/gm).map(
        (name) => `spool ${name}`,
      ),
      ...all(textOf(tree, /^src\/receiver\/journal\/entries\.ts$/), /^ {2}(\w+: \d+),$/gm).map(
        (name) => `journal ${name}`,
      ),
    ]),
    metrics: sorted(all(textOf(tree, /^docs\/metrics\.md$/), /^\| `(chatlio_aep_\w+)` \|/gm)),
    'JSON members': sorted(
      all(textOf(tree, /^docs\/json-output\.md$/), /^\| (`[^|]*) \|/gm).flatMap((cell) => all(cell, /`([\w.[\]]+)`/g)),
    ),
    'error codes': sorted(all(domain, /^ {2}(CAEP_\w+): \{/gm)),
    commands: sorted([
      ...all(program, /\.command\('([\w-]+)/g),
      // Of programs that run here.
      ...all(program, /^ {2}(\w+): '(?:src|simulator)\//gm),
      ...all(program, /^ {2,}(?:\{ )?name: '([\w-]+)(?: [^']*)?',/gm),
    ]),
    flags: sorted(all(program, /(?:[oO]ption)\(\s*'(?:-\w, )?(--[\w-]+)/g)),
    'environment variables': sorted(
      all(source, /\b((?:CHATLIO_AEP|ADOBE|RECEIVER|WORKER|LOG|METRICS)_[A-Z_]+[A-Z])\b/g),
    ),
    'manifest keys': sorted(
      manifestKeys(JSON.parse(tree.get('schema/manifest.schema.json') ?? '{}') as JsonSchema, ''),
    ),
  };
}

const textOf = (tree: Tree, path: RegExp): string =>
  [...tree]
    .filter(([name]) => path.test(name))
    .map(([, text]) => text)
    .join('\n');

const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name = '']) => name);
const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort();
const withoutComments = (text: string): string => text.replaceAll(/\/\*.*?\*\//gs, '');

function membersOf(text: string, kind: RegExp): string[] {
  return [...text.matchAll(/^export interface (\w+)[^{]*\{(.*?)^\}/gms)]
    .filter(([, name = '']) => kind.test(name))
    .flatMap(([, , body = '']) => all(body, /^ {2}(?:readonly )?(\w+)\??:/gm));
}

/** What stands after the migrations, one after the other. */
function columnsOf(tree: Tree): string[] {
  const columns = new Set<string>();
  const files = [...tree]
    .filter(([name]) => /^src\/store\/migrations\/.*\.sql$/.test(name))
    .sort(([a], [b]) => a.localeCompare(b));
  for (const [, text] of files) {
    const [up = ''] = text.replaceAll(/--(?! *down).*$/gim, '').split(/^-- *down/im);
    for (const statement of up.split(/;\s*$/m)) {
      const [, made, list = ''] = /create table (?:if not exists )?(\w+) \((.*)\)/s.exec(statement) ?? [];
      for (const column of all(list, /^ {2}(?!primary|unique|check|constraint|foreign)([a-z]\w*) /gm)) {
        columns.add(`${made}.${column}`);
      }
      const [, altered] = /alter table (?:if exists )?(\w+)/.exec(statement) ?? [];
      for (const column of all(statement, /add column (?:if not exists )?(\w+)/g)) columns.add(`${altered}.${column}`);
      for (const column of all(statement, /(?:drop|rename) column (?:if exists )?(\w+)/g))
        columns.delete(`${altered}.${column}`);
    }
  }
  return [...columns];
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

function manifestKeys(schema: JsonSchema, path: string): string[] {
  const { properties = {}, additionalProperties, items, anyOf = [], oneOf = [] } = schema;
  return [
    ...Object.entries(properties).flatMap(([key, value]) => {
      const own = path === '' ? key : `${path}.${key}`;
      return [own, ...manifestKeys(value, own)];
    }),
    ...(typeof additionalProperties === 'object' ? manifestKeys(additionalProperties, `${path}.*`) : []),
    ...(items === undefined ? [] : manifestKeys(items, `${path}[]`)),
    ...[...anyOf, ...oneOf].flatMap((one) => manifestKeys(one, path)),
  ];
}
