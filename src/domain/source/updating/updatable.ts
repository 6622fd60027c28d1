/** What of a live source an update changes, where, and what it cannot change and why. */
import type { CatalogueError } from '../../errors.js';
import type { Kind } from '../../events/kinds.js';
import type { Manifest } from '../manifest.js';
import { manifestDifferences } from '../source.js';
import type { StepName } from '../steps.js';

/** What is changed in place. */
const CHANGEABLE = [
  'contents',
  'privacy',
  'mapping',
  'mappingReads',
  'proof',
  'xdm.fields',
  'xdm.fieldGroup',
  'xdm.schema',
  'dataset',
  'chatlio',
  'delivery',
  'drift',
];

/** What is changed without a word to the flow: on our side alone, or of the dataset's entry in the catalog. */
const SENDING_GOES_ON = ['delivery', 'drift', 'chatlio', 'dataset'];

/** Objects that get another name, or other tags, where they stand. */
const NAMED_BY: readonly (readonly [StepName, string])[] = [
  ['field-group', 'xdm.fieldGroup'],
  ['schema', 'xdm.schema'],
  ['dataset', 'dataset'],
];

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}.`);
}

/** Whether sending has to stop for it. */
export function concernsSending(running: Manifest, wanted: Manifest): boolean {
  return manifestDifferences(running, wanted).some((path) => !SENDING_GOES_ON.some((prefix) => isBelow(path, prefix)));
}

/** Steps whose objects are renamed or tagged, in their order. */
export function stepsToRename(running: Manifest, wanted: Manifest): StepName[] {
  const paths = manifestDifferences(running, wanted);
  return NAMED_BY.filter(([, prefix]) => paths.some((path) => isBelow(path, prefix))).map(([step]) => step);
}

/** Of the schema as streaming validation knows it. */
export function renamesSchema(running: Manifest, wanted: Manifest): boolean {
  return stepsToRename(running, wanted).some((step) => step !== 'dataset');
}

/** Also where the answer that would have named the new fields was lost. */
export function changesFields(running: Manifest, wanted: Manifest): boolean {
  return manifestDifferences(running, wanted).some((path) => isBelow(path, 'xdm.fields'));
}

export function changesWidgets(running: Manifest, wanted: Manifest): boolean {
  return manifestDifferences(running, wanted).some((path) => isBelow(path, 'chatlio'));
}

/** What a webhook URL is for. */
export interface RoutedKind {
  readonly widget: string;
  readonly kind: Kind;
}

/** For which there are URLs from now on, and for which there are none any more. */
export function routeChanges(
  running: Pick<Manifest, 'chatlio'>,
  wanted: Pick<Manifest, 'chatlio'>,
): { readonly added: readonly RoutedKind[]; readonly revoked: readonly RoutedKind[] } {
  const routesOf = ({ chatlio }: Pick<Manifest, 'chatlio'>): RoutedKind[] =>
    chatlio.widgets.flatMap(({ key: widget, kinds }) => kinds.map((kind) => ({ widget, kind })));
  const without = (some: readonly RoutedKind[], others: readonly RoutedKind[]) =>
    some.filter(({ widget, kind }) => !others.some((one) => one.widget === widget && one.kind === kind));
  const [before, after] = [routesOf(running), routesOf(wanted)];
  return { added: without(after, before), revoked: without(before, after) };
}

/** An identity that is there from now on: an object is made for it. */
export function addsIdentity(running: Manifest, wanted: Manifest): boolean {
  return running.identity === undefined && wanted.identity !== undefined;
}

/** Why a live source cannot become what the manifest says; undefined when it can. */
export function refusalOfUpdate(running: Manifest, wanted: Manifest): CatalogueError | undefined {
  const refused = new Map<string, string>();
  for (const path of manifestDifferences(running, wanted)) {
    const reason = reasonAgainst(path, running, wanted);
    if (reason !== undefined) refused.set(path.startsWith('identity') ? 'identity' : path, reason);
  }
  if (refused.size > 0) {
    const fields = [...refused.keys()].join(', ');
    const reasons = [...refused].map(([path, reason]) => `${path}: ${reason}`).join('; ');
    return { code: 'CAEP_UPDATE_UNSUPPORTED', fields: { name: running.name, fields, reasons } };
  }
  if (running.contents !== undefined && wanted.contents === undefined) {
    return { code: 'CAEP_UPDATE_NEEDS_CONTENTS', fields: { name: running.name, contents: running.contents } };
  }
  return undefined;
}

function reasonAgainst(path: string, running: Manifest, wanted: Manifest): string | undefined {
  if (path === 'name') return 'the webhook URLs, the marks at Adobe and the workflow are of the source of that name';
  if (path === 'sandbox') return 'Adobe moves no object from one sandbox to another';
  if (isBelow(path, 'identity')) return reasonAgainstIdentity(running, wanted);
  if (path === 'xdm.fields') return reasonAgainstFields(running, wanted);
  return CHANGEABLE.some((prefix) => isBelow(path, prefix)) ? undefined : 'it is decided when the source is made';
}

function reasonAgainstIdentity(running: Manifest, { identity }: Manifest): string | undefined {
  if (running.identity !== undefined) {
    return 'what is in the dataset was written with the identity from before; only a source that has none can be given one';
  }
  if (identity?.primary !== true) return undefined;
  return 'a primary identity makes its field mandatory, and Adobe accepts only additions once a dataset uses the schema; without `primary: true` it can be added';
}

/** Fields that are not there any more, or are others. */
function reasonAgainstFields({ xdm: running }: Manifest, { xdm: wanted }: Manifest): string | undefined {
  const types = new Map(wanted.fields?.map(({ path, type }) => [path, type]));
  const broken = (running.fields ?? []).flatMap(({ path, type }) => {
    const now = types.get(path);
    if (now === undefined) return [`${path} was removed`];
    return now === type ? [] : [`${path} was ${type} and is ${now}`];
  });
  if (broken.length === 0) return undefined;
  return `once a dataset uses a schema Adobe accepts only new fields, but ${broken.join(', ')}`;
}
