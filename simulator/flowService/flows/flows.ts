/** Flows: create, read, patch, act on, delete. */
import type { Context } from '../../context.js';
import { flowFamily } from '../../errorFamilies.js';
import { flowEtag, hexId, uuid } from '../../values/identifiers.js';
import { type Json, type JsonObject, textOf } from '../../values/json.js';
import { platformRoutes, type Reply, type SimRequest } from '../../transport/request.js';
import { COLLECTIONS, type StoredFlow } from '../../state/stored.js';
import { actionOf } from './actions.js';
import { connectionsOf } from '../connections/connectionStore.js';
import { checkNewFlow, checkTransformations } from './flowRules.js';
import { rememberDeleted } from '../flowUse.js';
import { listReply } from '../listing.js';
import { presentFlow } from './presentFlow.js';
import { deleteRefusedInState, flowBusy, invalidBody, notFound } from '../refusals.js';
import { registerSearch } from './search.js';
import { createTransitions } from './transitions.js';
import { applyOperations, checkIfMatch, noteUnknownFields, objectBody, readOperations } from '../writes.js';

const PATH = '/data/foundation/flowservice/flows';

const KNOWN_FIELDS = [
  'name',
  'description',
  'flowSpec',
  'sourceConnectionIds',
  'targetConnectionIds',
  'transformations',
  'scheduleParams',
  'options',
  'labels',
];

const PATCH_ROOTS = ['name', 'description', 'transformations', 'labels', 'options', 'scheduleParams'];

/** A change while one of these runs is refused. */
const UNCHANGEABLE_STATES = ['updating', 'enabling', 'disabling', 'initializing', 'pending', 'inProgress'];

export function registerFlows(context: Context): void {
  const route = platformRoutes(context, flowFamily);
  const flows = context.state.collection<StoredFlow>(COLLECTIONS.flows);
  const transitions = createTransitions(context);

  /** @throws Refusal 404 */
  function find({ scope, params }: SimRequest): StoredFlow {
    const id = params['id'] ?? '';
    const found = flows.get(scope, id);
    if (found === undefined) throw notFound('flows', id);
    return found;
  }

  function save(request: SimRequest, flow: StoredFlow): Reply {
    transitions.put(request.scope, flow);
    return { status: 200, json: { id: flow.id, etag: flow.etag } };
  }

  route({
    name: 'flowservice.flows.create',
    method: 'POST',
    path: PATH,
    handle(request) {
      const body = objectBody(request);
      noteUnknownFields(request, body, KNOWN_FIELDS);
      const isDraft = request.query.get('mode') === 'draft';
      const parts = checkNewFlow(context, request.scope, body, isDraft);
      const { flowNamesUnique, flowInvalidCode, flowActivationDelayMs, flowStateBeforeEnabled } =
        context.policy.current;
      if (flowNamesUnique && flows.list(request.scope).some(({ name }) => name === parts.name)) {
        throw invalidBody(flowInvalidCode, `A flow named ${parts.name} exists already.`);
      }
      const nowMs = context.clock.now();
      const made: StoredFlow = {
        ...parts,
        id: uuid(),
        etag: flowEtag(nowMs),
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        createdClient: request.caller.clientId,
        createdBy: request.caller.userId,
        ...(body['description'] === undefined ? {} : { description: textOf(body['description']) }),
        ...(Array.isArray(body['labels']) ? { labels: body['labels'] as readonly Json[] } : {}),
        state: isDraft ? 'draft' : flowStateBeforeEnabled,
        options: (body['options'] ?? {}) as JsonObject,
        inletId: hexId(64),
        providerRefId: uuid(),
        lastOperation: { started: nowMs, updated: 0, operation: 'enable' },
        ...(isDraft ? {} : { transition: { to: 'enabled', dueMs: nowMs + flowActivationDelayMs } }),
      };
      transitions.put(request.scope, made);
      const location = `${request.baseUrl}${PATH}/${made.id}`;
      return { status: 201, headers: { location }, json: { id: made.id, etag: made.etag } };
    },
  });

  route({
    name: 'flowservice.flows.list',
    method: 'GET',
    path: PATH,
    handle: (request) =>
      listReply(
        context,
        request,
        'flows',
        flows.list(request.scope).map((flow) => presentFlow(context, request, flow)),
      ),
  });

  registerSearch(context);

  route({
    name: 'flowservice.flows.get',
    method: 'GET',
    path: `${PATH}/:id`,
    handle: (request) => ({ status: 200, json: { items: [presentFlow(context, request, find(request))] } }),
  });

  route({
    name: 'flowservice.flows.patch',
    method: 'PATCH',
    path: `${PATH}/:id`,
    handle(request) {
      const before = find(request);
      checkIfMatch(request, before.etag, before.id, true);
      const operations = readOperations(request);
      if (UNCHANGEABLE_STATES.includes(before.state)) throw flowBusy(before.state);
      const { name, description, transformations, labels, options } = before;
      const editable = { name, description, transformations, labels, options, scheduleParams: {} };
      const after = applyOperations(editable, operations, PATCH_ROOTS);
      const [targetId = ''] = before.targetConnectionIds;
      const target = connectionsOf(context, 'targetConnections').get(request.scope, targetId);
      const changed = { ...before, ...after } as StoredFlow & { scheduleParams?: unknown };
      delete changed.scheduleParams;
      if (target !== undefined && operations.some(({ path }) => path.startsWith('/transformations'))) {
        checkTransformations(context, request.scope, target, changed.transformations);
      }
      const delayMs = context.policy.current.flowTransitionDelayMs;
      return save(
        request,
        transitions.begin(changed, { via: 'updating', to: before.state, delayMs, operation: 'update' }),
      );
    },
  });

  route({
    name: 'flowservice.flows.action',
    method: 'POST',
    path: `${PATH}/:id/action`,
    handle(request) {
      const before = find(request);
      checkIfMatch(request, before.etag, before.id, false);
      const action = actionOf(request.query.get('op') ?? '', before.state);
      const { flowTransitionDelayMs, flowActivationDelayMs } = context.policy.current;
      const delayMs = action.isActivation ? flowActivationDelayMs : flowTransitionDelayMs;
      return save(request, transitions.begin(before, { ...action, delayMs }));
    },
  });

  route({
    name: 'flowservice.flows.delete',
    method: 'DELETE',
    path: `${PATH}/:id`,
    handle(request) {
      const flow = find(request);
      const refusedIn = context.policy.current.flowDeleteRefusedStates.split(',');
      if (refusedIn.includes(flow.state)) throw deleteRefusedInState(flow.state);
      flows.delete(request.scope, flow.id);
      rememberDeleted(context, request.scope, flow);
      return { status: 204 };
    },
  });
}
