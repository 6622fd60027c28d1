/** What must stand at Adobe and on our side after a cell, counted with the simulator's and PostgreSQL's own eyes. */
import type { SourceState } from '../../../src/domain/source/source.js';
import type { StepName } from '../../../src/domain/source/steps.js';
import { withDatabase } from '../database.js';
import { patiently } from '../patience.js';
import { stepOf } from './objects.js';
import type { SourceUnderTest } from './sourceUnderTest.js';
import type { ChaosStack } from './stack.js';
import { ADOBE_STEPS, type AdobeStep } from './stepRequests.js';

export interface Counted {
  /** Ids that the cell has made and that exist, by step. */
  readonly ids: Readonly<Record<AdobeStep, readonly string[]>>;
  readonly total: number;
}

export async function countObjects(stack: ChaosStack, source: SourceUnderTest): Promise<Counted> {
  const ids = Object.fromEntries(ADOBE_STEPS.map((step): [AdobeStep, string[]] => [step, []])) as Record<
    AdobeStep,
    string[]
  >;
  const rows = (await stack.simulator.objects(source.sandbox)).filter(({ id }) => !source.before.has(id));
  for (const row of rows) ids[stepOf(row)].push(row.id);
  return { ids, total: rows.length };
}

/** Live: exactly one of each, the workflow knows their ids, and they refer to each other. Answers what is wrong. */
export async function faultsOfLive(stack: ChaosStack, source: SourceUnderTest): Promise<string[]> {
  const [{ ids }, state] = await Promise.all([countObjects(stack, source), source.state()]);
  const faults = ADOBE_STEPS.flatMap((step) => {
    const [first] = ids[step];
    if (ids[step].length !== 1) return [`${ids[step].length} × ${step}`];
    const known = state.resources[step]?.id;
    return known === first ? [] : [`the workflow knows ${step} ${known}, there is ${first}`];
  });
  if (state.phase !== 'live') faults.push(`phase ${state.phase}`);
  if (faults.length > 0) return faults;
  return [...(await faultsOfReferences(stack, source, ids)), ...(await faultsOfStore(stack, source, 5))];
}

/** Gone: nothing is left but at most one mapping set, which the workflow's outcome names. Answers what is wrong. */
export async function faultsOfGone(stack: ChaosStack, source: SourceUnderTest): Promise<string[]> {
  const [{ ids }, state] = await Promise.all([countObjects(stack, source), source.state()]);
  const faults = ADOBE_STEPS.filter((step) => step !== 'mapping-set').flatMap((step) =>
    ids[step].length === 0 ? [] : [`${ids[step].length} × ${step} left`],
  );
  const sets = ids['mapping-set'];
  if (sets.length > 1) faults.push(`${sets.length} × mapping-set left`);
  const named = namedRemainders(state);
  if (JSON.stringify(named) !== JSON.stringify(sets.map((id) => ['mapping-set', id]))) {
    faults.push(`the outcome names ${JSON.stringify(named)} as left, there is ${JSON.stringify(sets)}`);
  }
  if (state.phase !== 'aborted') faults.push(`phase ${state.phase}`);
  return [...faults, ...(await faultsOfStore(stack, source, 0))];
}

/** Torn down: what has data in it stays, and a mapping set. Answers what is wrong. */
export async function faultsOfTornDown(stack: ChaosStack, source: SourceUnderTest): Promise<string[]> {
  const { ids } = await countObjects(stack, source);
  const found = ADOBE_STEPS.flatMap((step) => (ids[step].length === 0 ? [] : [`${ids[step].length} × ${step}`]));
  const faults = found.join(', ') === STAYS ? [] : [`stays: ${found.join(', ')}; expected: ${STAYS}`];
  return [...faults, ...(await faultsOfStore(stack, source, 0))];
}

const STAYS = '1 × field-group, 1 × schema, 1 × identity-descriptor, 1 × dataset, 1 × mapping-set';

/** A cancel that has come when the source was live already is a teardown. */
export async function faultsOfCancelled(stack: ChaosStack, source: SourceUnderTest): Promise<string[]> {
  const { liveSince } = await source.state();
  return liveSince === undefined ? faultsOfGone(stack, source) : faultsOfTornDown(stack, source);
}

function namedRemainders({ remainders }: SourceState): [StepName, string | undefined][] {
  return remainders.map(({ step, id }) => [step, id]);
}

/** The flow is built on what exists, and that on the schema and the field group: nothing refers to a deleted twin. */
async function faultsOfReferences(
  { simulator }: ChaosStack,
  { sandbox }: SourceUnderTest,
  ids: Counted['ids'],
): Promise<string[]> {
  const only = (step: AdobeStep) => ids[step][0] ?? '';
  const flowService = '/data/foundation/flowservice';
  const schemaPath = `/data/foundation/schemaregistry/tenant/schemas/${encodeURIComponent(only('schema'))}`;
  const documents = await Promise.all([
    simulator.read(sandbox, `${flowService}/flows/${only('flow')}`),
    simulator.read(sandbox, `${flowService}/targetConnections/${only('target-connection')}`),
    simulator.read(sandbox, `/data/foundation/catalog/dataSets/${only('dataset')}`),
    simulator.read(sandbox, schemaPath, 'application/vnd.adobe.xed+json; version=1'),
  ]);
  const [flow, target, dataset, schema] = documents.map((document) => JSON.stringify(document)) as [
    string,
    string,
    string,
    string,
  ];
  const expected: [string, string, AdobeStep][] = [
    ['flow', flow, 'source-connection'],
    ['flow', flow, 'target-connection'],
    ['flow', flow, 'mapping-set'],
    ['target connection', target, 'dataset'],
    ['target connection', target, 'schema'],
    ['dataset', dataset, 'schema'],
    ['schema', schema, 'field-group'],
  ];
  return expected
    .filter(([, document, step]) => !document.includes(only(step)))
    .map(([from, , step]) => `the ${from} does not refer to the ${step} that exists`);
}

/** On our side: one source with its webhook routes while it is live, none that is taken when it is gone. */
async function faultsOfStore(stack: ChaosStack, source: SourceUnderTest, routes: number): Promise<string[]> {
  const { rows } = await patiently(() =>
    withDatabase(stack.databaseUrl, (client) =>
      client.query<{ standing: number; routes: number }>(
        `select count(distinct source.id)::int as standing,
                count(*) filter (where route.expires_at is null or route.expires_at > now())::int as routes
           from source join route on route.source_id = source.id
          where source.name = $1 and source.retired_at is null`,
        [source.name],
      ),
    ),
  );
  const found = rows[0]?.routes ?? 0;
  const standing = rows[0]?.standing ?? 0;
  return found === routes && standing === Math.min(routes, 1)
    ? []
    : [`${standing} sources with ${found} webhook routes in PostgreSQL, expected ${routes} routes`];
}
