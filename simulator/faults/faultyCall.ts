/** What placed faults do before, after and in place of a call. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.js';
import { replyOfFault } from './faultReplies.js';
import type { Fault } from './faults.js';
import type { RawRequest, Reply, Route } from '../transport/request.js';

/** Runs the call with what the faults do before and after it. The first fault that answers wins. */
export async function withFaults(
  context: Context,
  request: RawRequest,
  route: Route | undefined,
  faults: readonly Fault[],
  run: () => Promise<Reply>,
): Promise<Reply> {
  let afterMs = 0;
  for (const fault of faults) {
    switch (fault.kind) {
      case 'slow':
        if (fault.when === 'before-effect') await delay(fault.ms);
        else afterMs += fault.ms;
        break;
      case 'status': {
        if (route === undefined) break;
        if (fault.effect === 'done') await run();
        const about = { requestId: request.id, nowMs: context.clock.now() };
        return replyOfFault(fault, { ...route, isPlatform: route.access !== 'open' }, about);
      }
      case 'cut':
        if (fault.effect === 'done') await run();
        return { cut: true };
      case 'hang':
        if (fault.effect === 'done') await run();
        return { hang: true };
      case 'accept-late':
        setTimeout(() => {
          run().catch((error: unknown) => context.log.error({ err: error }, 'late call failed'));
        }, fault.ms);
        return fault.connection === 'cut' ? { cut: true } : { hang: true };
      case 'stale-list':
      case 'token-revoked':
      case 'service':
        break;
      default:
        fault satisfies never;
    }
  }
  const reply = await run();
  if (afterMs > 0) await delay(afterMs);
  return reply;
}
