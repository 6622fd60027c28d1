/** Lists and lookups of schemas, field groups, classes, data types and behaviours. */
import type { Context } from '../../context.js';
import { xdmFamily } from '../../errorFamilies.js';
import { headerOf, platformRoutes, type SimRequest, shownInLists } from '../../transport/request.js';
import type { StoredRegistryResource } from '../../state/stored.js';
import { listForm, lookupForm } from './accept.js';
import { GLOBAL_RESOURCES } from '../globals.js';
import { pageOf } from '../listing.js';
import { tenantResources } from '../lookup.js';
import { presentInList, presentLookup } from '../present.js';
import { acceptInvalid, notFound } from '../refusals.js';
import { findResource, PATH, type ResourceType, routeName } from './resourceRoutes.js';

export function registerResourceReads(
  context: Context,
  container: 'tenant' | 'global',
  segment: string,
  resourceType: ResourceType,
): void {
  const path = `${PATH}/${container}/${segment}`;
  const route = platformRoutes(context, xdmFamily);
  route({
    name: routeName(container, segment, 'list'),
    method: 'GET',
    path,
    handle(request) {
      const accept = headerOf(request, 'accept');
      const form = listForm(accept);
      if (form === undefined) throw acceptInvalid(1006, accept);
      const all = container === 'tenant' ? tenantResources(context, request.scope) : GLOBAL_RESOURCES;
      const shown = shownInLists(
        all.filter((one) => one.resourceType === resourceType),
        (one) => one.createdAtMs,
        { nowMs: context.clock.now(), hidesYoungerThanMs: request.hidesYoungerThanMs },
      );
      const page = pageOf(shown, request.query, context.policy.current.registryListLimit);
      const results = page.resources.map((one) => presentInList(one, form));
      const json = {
        results,
        _page: { orderby: page.orderby, next: page.next, count: results.length },
        _links: {
          next: page.next === null ? null : { href: nextLink(request, page.next) },
          [`global_${segment}`]: { href: `${request.baseUrl}${PATH}/global/${segment}` },
        },
      };
      return { status: 200, json };
    },
  });

  route({
    name: routeName(container, segment, 'get'),
    method: 'GET',
    path: `${path}/:id`,
    handle(request) {
      const accept = headerOf(request, 'accept');
      const form = lookupForm(accept);
      if (form === undefined) throw acceptInvalid(1007, accept);
      const found = findResource(context, request, resourceType);
      if (!hasVersion(found, form.version)) throw notFound(resourceType, found.id, form.version);
      return { status: 200, json: presentLookup(context, request.scope, found, form) };
    },
  });
}

function nextLink(request: SimRequest, start: string): string {
  const query = new URLSearchParams(request.query);
  query.set('start', start);
  return `${request.baseUrl}${request.path}?${query.toString()}`;
}

/** Only the latest minor version of a major one is kept. */
function hasVersion({ version }: StoredRegistryResource, asked: string): boolean {
  const [major, minor] = version.split('.');
  const [askedMajor, askedMinor] = asked.split('.');
  return askedMajor === major && (askedMinor === undefined || askedMinor === minor);
}
