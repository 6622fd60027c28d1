/** `GET /stats`: the tenant id, and what the tenant has. */
import { textOf } from '../values/json.js';
import type { Context } from '../context.js';
import { xdmFamily } from '../errorFamilies.js';
import { groupBy } from '../values/groupBy.js';
import type { SimRequest } from '../transport/request.js';
import type { StoredRegistryResource } from '../state/stored.js';
import { tenantResources } from './lookup.js';

const PATH = '/data/foundation/schemaregistry/stats';
const ROWS_SHOWN = 10;

/** `Sat Feb 02 2019 00:24:30 GMT+0000 (UTC)` */
function statsTime(ms: number): string {
  const [weekday, day, month, year, time] = new Date(ms).toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${day} ${year} ${time} GMT+0000 (UTC)`;
}

function presentRow(resource: StoredRegistryResource, atName: 'meta:created' | 'meta:updated', atMs: number) {
  return {
    title: resource.title,
    description: resource.document['description'],
    'meta:resourceType': resource.resourceType,
    [atName]: statsTime(atMs),
    $id: resource.id,
    'meta:altId': resource.altId,
    version: resource.version,
  };
}

function stats(context: Context, { scope, caller }: SimRequest) {
  const resources = tenantResources(context, scope);
  const count = (type: StoredRegistryResource['resourceType']) =>
    resources.filter(({ resourceType }) => resourceType === type).length;
  const newest = (at: 'createdAtMs' | 'updatedAtMs') =>
    [...resources].sort((a, b) => b[at] - a[at]).slice(0, ROWS_SHOWN);
  const schemas = resources.filter(({ resourceType }) => resourceType === 'schemas');
  const byClass = groupBy(schemas, ({ document }) => textOf(document['meta:class']));
  return {
    imsOrg: caller.orgId,
    tenantId: caller.tenantId,
    counts: {
      schemas: count('schemas'),
      mixins: count('mixins'),
      datatypes: count('datatypes'),
      classes: count('classes'),
      unions: 0,
    },
    recentlyCreatedResources: newest('createdAtMs').map((one) => presentRow(one, 'meta:created', one.createdAtMs)),
    recentlyUpdatedResources: newest('updatedAtMs').map((one) => presentRow(one, 'meta:updated', one.updatedAtMs)),
    classUsage: Object.fromEntries(
      [...byClass].map(([id, using]) => [
        id,
        using.map(({ id: $id, title, altId, version }) => ({ $id, title, 'meta:altId': altId, version })),
      ]),
    ),
  };
}

export function registerStats(context: Context): void {
  context.route({
    name: 'schemaregistry.stats',
    method: 'GET',
    path: PATH,
    family: xdmFamily,
    access: 'platform',
    handle: (request) => ({ status: 200, json: stats(context, request) }),
  });
}
