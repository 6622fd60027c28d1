/** The page of Chatlio's fields, made from the tables of the code. */
import { KIND_FACTS, KINDS } from '../src/domain/events/kinds.js';
import { CHATLIO_FIELDS, type ChatlioFieldFacts, COLLISIONS } from '../src/domain/projection/chatlioFields.js';
import {
  CONTENTS_ADVICE,
  CONTENTS_MEANING,
  GUARDRAILS_PAGE,
  PROFILE_LIMITS,
} from '../src/domain/projection/contents.js';
import { CONTENTS } from '../src/domain/projection/projection.js';
import { DERIVED_FIELDS, isDerived, OPTIONAL_FIELDS } from '../src/domain/projection/fields.js';
import { alsoGone } from '../src/projection/privacy.js';

const SHAPE_NAMES = { conversation: 'conversation', offline: 'offline message', transcript: 'transcript' } as const;

const code = (text: string): string => `\`${text}\``;

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
}

function table(head: readonly string[], rows: readonly string[]): string {
  return [row(...head), row(...head.map(() => '---')), ...rows].join('\n');
}

function landsIn(path: string, { into }: ChatlioFieldFacts): string {
  if (path === 'visitor') return 'by its members';
  const named = into.map((name) => {
    const { destination } = DERIVED_FIELDS[name];
    const isOff = Object.hasOwn(OPTIONAL_FIELDS, name);
    return `${code(name)} → ${code(destination.replace('{tenant}.', ''))}${isOff ? ' (off)' : ''}`;
  });
  return named.length === 0 ? 'nowhere' : named.join(', ');
}

function ownSource(path: string): string {
  return isDerived(path.split(/[.[]/)[0] ?? '') ? `body.${path}` : path;
}

function goesWith(path: string): string {
  const others = alsoGone(`body.${path}`);
  return others.length === 0 ? '' : others.map(code).join(', ');
}

function derivedRows(): string[] {
  return Object.entries(DERIVED_FIELDS).map(([name, facts]) => {
    const type = facts.type === 'list' ? `list of ${Object.keys(facts.members).map(code).join(', ')}` : facts.type;
    const isOff = Object.hasOwn(OPTIONAL_FIELDS, name);
    return row(
      code(name),
      facts.title,
      type,
      code(facts.destination.replace('{tenant}.', '')) + (isOff ? ' (off)' : ''),
    );
  });
}

export function fieldsPage(): string {
  const conversationKinds = KINDS.filter((kind) => KIND_FACTS[kind].shape === 'conversation').join(', ');
  const fields = Object.entries(CHATLIO_FIELDS).map(([path, facts]) =>
    row(
      code(path),
      facts.in.length === 3 ? 'all' : facts.in.map((shape) => SHAPE_NAMES[shape]).join(', '),
      landsIn(path, facts),
      code(ownSource(path)),
      goesWith(path),
    ),
  );
  return `# Fields

<!-- Made by \`npm run fields\` from src/domain/projection and src/projection/privacy.ts: change it there. -->

What becomes of each field that Chatlio documents. Only what the mapping reads leaves for Adobe: a field that no row reads stays in the event log.

## Chatlio’s fields

"Conversation" are ${conversationKinds}. A destination without a path of its own lies below the tenant's node; "(off)" marks what is mapped
only where the manifest says so. Lists, \`userAgent\` and \`visitorFirstSeenAt\` are mapped by default where contents are \`full\`.

- **To map it yourself**, write a row whose source is the name of the third column (the derived value), or of the fourth (exactly what Chatlio sent).
  An own field of the schema needs a line below \`xdm.fields\` too.
- **To map nothing else**, write \`mapping: {defaults: false, rows: […]}\`. Two rows must be there: \`- {source: eventId, destination: _id}\` and
  \`- {source: occurredAt, destination: timestamp}\`. Rows of Adobe's tutorial, and of mapping sets as its API shows them, can be pasted as they are
  (\`sourceAttribute\`, \`destinationXdmPath\`, \`sourceType\`): the node \`_name\` at the beginning of a destination is taken for the tenant's.
- **To keep it from leaving**, turn its row off (\`source: false\`). To keep it from leaving whatever the mapping reads, name it below \`privacy.drop\`,
  or below \`privacy.hash\` to send its SHA-256 (a value that can be guessed can be found again from it): what stands in the last column goes with
  it. What people write in a chat may repeat anything: \`privacy.redact\` looks for card numbers, e-mail addresses and phone numbers there.
- **To keep it from being stored** as well, name it below \`privacy.store.drop\`: it is removed, with what goes with it, before a webhook is stored. It cannot be
  had back: no later mapping can send it, \`--reveal\` cannot show it, and what differs in it is not told of copies. Event id, conflicts and the time of the event
  are of the whole webhook all the same. Such a webhook is read and written anew, so an integer above 2^53 is stored rounded, and of a repeated member the last. What was
  stored before stays, and does not leave. A webhook that cannot be read is held as it was posted.

${table(['Chatlio’s field', 'in', 'lands by default in', 'its own source', 'goes with it'], fields)}

What is named below \`visitorTraits\` or \`visitor.identTraits\`, as \`visitorTraits.plan\`, is dropped below both, also where they come as texts. Of a
single element, as \`messages[0].text\`, what repeats it goes with it, and other elements stay. Dropping or hashing never changes the event id and
the time of an event: they are taken before.

\`plan\` shows how each field leaves under the manifest's privacy, and from which fields what is dropped, hashed or redacted can still be told.

## Contents

${PROFILE_LIMITS} ([Adobe's guardrails](${GUARDRAILS_PAGE}))

${CONTENTS.map((one) => `- ${code(one)}: ${CONTENTS_MEANING[one]} ${CONTENTS_ADVICE[one]}`).join('\n')}

## Names that Chatlio uses as well

A bare name is the derived value where there is one; \`body.\` before it reads Chatlio's own.

${table(
  ['name', 'derived value'],
  Object.entries(COLLISIONS).map(([name, says]) => row(code(name), says)),
)}

## Derived values

\`eventId\`, \`occurredAt\`, \`eventType\`, \`widgetKey\`, \`receivedAt\` and \`identityVersion\` stand in every event; the others where there is a value.
Where contents are \`compact\`, a text is cut to 256 bytes, a URL to 512, the message to what is left of 8,000; then further texts to 256 bytes, the
longest first, then elements off the ends of lists. Where they are \`full\`, the same is done only to what is longer than 900,000 bytes.
Identifiers, times and
e-mail addresses are not cut then. \`messageTruncated\` says that something was cut, \`messagesOmitted\` how many messages were left out.

**Numbers leave as double-precision numbers**: an integer above 2^53 (9,007,199,254,740,992) is rounded, also in a list of names and values. Its digits
stay in the event log (\`events tail --reveal\`), and two bodies that differ in them are a conflict, not copies. Chatlio's own identifiers are texts. Let a site send
longer numbers as texts.

${table(['name', 'what it is', 'type', 'destination'], derivedRows())}
`;
}
