/** From a message to where it goes: the flow of a mapped one, the envelope of an XDM one. */
import { isRecord } from '../dataprep/mapping.js';
import type { Policy } from '../policy.js';
import type { Fate } from '../lake/acceptances.js';
import type { Message } from '../lake/judge.js';
import type { Inlet, InletFlow, Inlets } from './inlets.js';
import { messageRefusal, refusal } from './problems.js';

export type Destination =
  | { readonly kind: 'flow'; readonly flow: InletFlow; readonly message: Message }
  | { readonly kind: 'dataset'; readonly message: Message }
  /** Answered with 200 and never seen again. */
  | {
      readonly kind: 'nowhere';
      readonly fate: Extract<Fate, 'no-flow' | 'flow-not-enabled'>;
      readonly flowId?: string;
    };

/**
 * @param flowId of the request, by header or query; XDM messages may name their own
 * @throws Refusal
 */
export function destinationOf(
  body: unknown,
  inlet: Inlet,
  flowId: string | undefined,
  inlets: Inlets,
  policy: Policy,
): Destination {
  return inlet.dataType === 'raw'
    ? mappedDestination(body, inlet, flowId, inlets, policy)
    : envelopeDestination(body, inlet, flowId, inlets, policy);
}

function mappedDestination(
  body: unknown,
  inlet: Inlet,
  flowId: string | undefined,
  inlets: Inlets,
  policy: Policy,
): Destination {
  if (!isRecord(body)) throw messageRefusal({ id: inlet.id, orgId: inlet.scope.orgId }, 'Message is invalid');
  const flow = flowOf(inlet, flowId, inlets);
  if (flow !== undefined) return viaFlow(flow, { form: 'raw', body, datasetId: flow.datasetId }, policy);
  switch (policy.missingFlowId) {
    case '400':
      throw refusal(
        400,
        'Bad Request',
        `inletId: [${inlet.id}] The header x-adobe-flow-id is missing or of no flow here`,
      );
    case 'drop':
      return { kind: 'nowhere', fate: 'no-flow' };
    case 'accept': {
      const [only] = inlets.flowsOf(inlet.id);
      if (only === undefined) return { kind: 'nowhere', fate: 'no-flow' };
      return viaFlow(only, { form: 'raw', body, datasetId: only.datasetId }, policy);
    }
    default:
      return policy.missingFlowId satisfies never;
  }
}

function flowOf(inlet: Inlet, flowId: string | undefined, inlets: Inlets): InletFlow | undefined {
  const flow = flowId === undefined ? undefined : inlets.flow(flowId);
  return flow?.inletId === inlet.id ? flow : undefined;
}

function viaFlow(flow: InletFlow, message: Message, policy: Policy): Destination {
  if (flow.state !== 'enabled') {
    if (policy.disabledFlow === '400') throw refusal(400, 'Bad Request', `The flow ${flow.id} is not enabled`);
    return { kind: 'nowhere', fate: 'flow-not-enabled', flowId: flow.id };
  }
  const { mappingId, mappingVersion } = flow;
  return { kind: 'flow', flow, message: { ...message, mappingId, mappingVersion } };
}

function envelopeDestination(
  body: unknown,
  inlet: Inlet,
  flowId: string | undefined,
  inlets: Inlets,
  policy: Policy,
): Destination {
  const about = { id: inlet.id, orgId: inlet.scope.orgId };
  const header = isRecord(body) ? body['header'] : undefined;
  const payload = isRecord(body) ? body['body'] : undefined;
  if (!isRecord(header)) throw messageRefusal(about, 'Message has unknown xdm format');
  const orgId = header['imsOrgId'];
  // An absent organisation is filled in, a wrong one is refused.
  if (orgId !== undefined && orgId !== inlet.scope.orgId) {
    throw messageRefusal(about, 'Message has an absent or wrong ims org in the header');
  }
  const schemaId = schemaIdIn(header);
  const meta = isRecord(payload) ? payload['xdmMeta'] : undefined;
  if (schemaId === undefined || !isRecord(payload) || !isRecord(meta) || schemaIdIn(meta) !== schemaId) {
    throw messageRefusal(about, 'Message has unknown xdm format');
  }
  const named = header['flowId'];
  const flow = flowOf(inlet, typeof named === 'string' ? named : flowId, inlets);
  const datasetId = header['datasetId'];
  const message: Message = {
    form: 'xdm',
    body,
    datasetId: typeof datasetId === 'string' ? datasetId : (flow?.datasetId ?? ''),
  };
  if (flow === undefined) return { kind: 'dataset', message };
  const destination = viaFlow(flow, message, policy);
  return destination.kind === 'flow' ? { ...destination, message } : destination;
}

function schemaIdIn(value: { readonly [key: string]: unknown }): string | undefined {
  const reference = value['schemaRef'];
  const id = isRecord(reference) ? reference['id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}
