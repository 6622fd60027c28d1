/** The streaming inlet (`/collection/{inletId}`): takes messages, makes them durable, answers; the rest happens later. */
import type { Context } from '../context.js';
import { Refusal } from '../errorFamilies.js';
import { AddressRefused, admit, asksForSyncValidation, createRateLimits } from './admission.js';
import { batchBody, type BatchElement, elementId, newTransactionId, receiptBody } from './answers.js';
import { faultOf, type Handling } from './faults.js';
import { createInlets, type Inlet } from './inlets.js';
import { type Destination, destinationOf } from './messages.js';
import { inletFamily, messageRefusal, refusal } from './problems.js';
import { isJsonObject } from '../values/json.js';
import type { Acceptance, Landing } from '../lake/acceptances.js';
import type { Judge } from '../lake/judge.js';
import { dueAfter } from '../lake/processing.js';
import type { Lake } from '../lake/lake.js';
import type { InletCalls } from '../observability/observability.js';
import { headerOf, type Caller, type RawRequest, type Reply, type Route } from '../transport/request.js';

interface InletDeps {
  readonly lake: Lake;
  readonly judge: Judge;
  readonly calls: InletCalls;
  readonly callerOf: (token: string) => Caller | undefined;
}

/** One request on its way through the inlet. */
interface Passage {
  readonly request: RawRequest;
  readonly inlet: Inlet;
  readonly handling: Handling;
  readonly receivedMs: number;
}

const METHODS: readonly Route['method'][] = ['POST', 'GET', 'PUT', 'PATCH', 'DELETE'];

export function registerInlet(context: Context, deps: InletDeps): void {
  const inlets = createInlets(context);
  const admission = { inlets, limits: createRateLimits(), callerOf: deps.callerOf };

  async function receive(request: RawRequest, take: (passage: Passage) => Promise<Reply>): Promise<Reply> {
    const policy = context.policy.current;
    const fault = faultOf(request, policy);
    if (fault.refusal !== undefined) return fault.refusal;
    const receivedMs = context.clock.now();
    try {
      const inlet = admit(request, policy, receivedMs, admission);
      const reply = await take({ request, inlet, handling: fault.handling, receivedMs });
      deps.calls.succeeded(inlet.id);
      return await fault.see(reply);
    } catch (error) {
      deps.calls.failed(request.params['inletId'] ?? '');
      if (error instanceof AddressRefused) return error.reply;
      throw error;
    }
  }

  function destination(passage: Passage, body: unknown): Destination {
    const { request, inlet } = passage;
    const flowId = headerOf(request, 'x-adobe-flow-id') ?? request.query.get('x-adobe-flow-id') ?? undefined;
    return destinationOf(body, inlet, flowId, inlets, context.policy.current);
  }

  function acceptanceOf(passage: Passage, to: Destination, text: string, xactionId: string): Acceptance {
    const { inlet, receivedMs, handling } = passage;
    const basics = {
      orgId: inlet.scope.orgId,
      inletId: inlet.id,
      xactionId,
      receivedMs,
      bytes: Buffer.byteLength(text),
    };
    if (to.kind === 'nowhere') return { ...basics, flowId: to.flowId, fate: to.fate };
    const flow = to.kind === 'flow' ? to.flow : undefined;
    const known = {
      ...basics,
      flowId: flow?.id,
      datasetId: to.message.datasetId,
      eventId: deps.judge.eventIdOf(inlet.scope, to.message),
    };
    const policy = context.policy.current;
    const settleWindowEndMs = (flow?.updatedAtMs ?? 0) + policy.settleWindowMs;
    if (handling.isSettling || (flow !== undefined && receivedMs < settleWindowEndMs))
      return { ...known, fate: 'settling' };
    if (handling.isLost) return { ...known, fate: 'lost' };
    const landing: Landing = {
      dueMs: dueAfter(receivedMs, handling.lakeDelayMs ?? policy.lakeDelayMs),
      form: to.message.form,
      body: text,
      mappingId: to.message.mappingId,
      mappingVersion: to.message.mappingVersion,
      copies: handling.copies,
      invalidReason: handling.invalidReason,
    };
    return { ...known, fate: 'land', landing };
  }

  /** @throws Refusal 400 with the report, 501 where there is no synchronous validation */
  function validateNow(inlet: Inlet, to: Destination): void {
    if (context.policy.current.inletDatacentre !== 'VA7') {
      throw refusal(501, 'Not Implemented', 'Synchronous validation is not available at this location');
    }
    if (to.kind === 'nowhere') return;
    const judgement = deps.judge.judge(inlet.scope, to.message);
    if (judgement.kind === 'row') return;
    const { violation, message } = judgement.failure;
    const cause = { _streamingValidation: [violation ?? { schemaLocation: '#', pointerToViolation: '#', message }] };
    throw messageRefusal({ id: inlet.id, orgId: inlet.scope.orgId }, 'Message is invalid', { cause });
  }

  async function takeOne(passage: Passage): Promise<Reply> {
    const { request, inlet, receivedMs } = passage;
    const policy = context.policy.current;
    const text = request.body.toString('utf8');
    const to = destination(passage, parse(text, inlet));
    const isSync = asksForSyncValidation(request);
    if (isSync) validateNow(inlet, to);
    const xactionId = newTransactionId(policy, receivedMs);
    const acceptance = acceptanceOf(passage, to, text, xactionId);
    await deps.lake.accept(inlet.scope.sandboxName, [acceptance]);
    const receipt = { inletId: inlet.id, receivedMs, xactionId, flowId: acceptance.flowId };
    return { status: 200, json: receiptBody(policy, receipt, isSync ? 'pass' : 'skipped') };
  }

  async function takeBatch(passage: Passage): Promise<Reply> {
    const { request, inlet, receivedMs } = passage;
    const policy = context.policy.current;
    const body = parse(request.body.toString('utf8'), inlet);
    const messages = isJsonObject(body) ? body['messages'] : undefined;
    if (!Array.isArray(messages)) throw refusal(400, 'Bad Request', 'The body must have an array named messages');
    if (asksForSyncValidation(request) && policy.inletSyncOnBatch === 'refuse') {
      throw refusal(400, 'Bad Request', 'Synchronous validation is not available for batches');
    }
    const batchId = newTransactionId(policy, receivedMs);
    const accepted: Acceptance[] = [];
    const elements = messages.map((message: unknown, index): BatchElement => {
      const xactionId = elementId(policy, batchId, index);
      try {
        accepted.push(acceptanceOf(passage, destination(passage, message), JSON.stringify(message), xactionId));
        return { accepted: true, xactionId };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return { accepted: false, xactionId, status: error.problem.status, message: error.problem.detail };
      }
    });
    await deps.lake.accept(inlet.scope.sandboxName, accepted);
    return { status: 207, json: batchBody(policy, { inletId: inlet.id, batchId, receivedMs }, elements) };
  }

  for (const method of METHODS) {
    // The inlet itself refuses other methods, after it has looked at the address and the id.
    const suffix = method === 'POST' ? '' : `.${method.toLowerCase()}`;
    const shared = { method, access: 'open', family: inletFamily, journalsBodies: false } as const;
    context.route({
      ...shared,
      name: `inlet.batch${suffix}`,
      path: '/collection/batch/:inletId',
      handle: (request: RawRequest) => receive(request, takeBatch),
    });
    context.route({
      ...shared,
      name: `inlet.single${suffix}`,
      path: '/collection/:inletId',
      handle: (request: RawRequest) => receive(request, takeOne),
    });
  }
}

function parse(text: string, inlet: Inlet): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw messageRefusal({ id: inlet.id, orgId: inlet.scope.orgId }, 'Message is invalid');
  }
}
