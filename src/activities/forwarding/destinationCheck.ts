/** Before a probe: does the destination take connections, and is the flow well? Sends no event. */
import { inletContext } from '../../store/keys/contexts.js';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ApplicationFailure } from '@temporalio/activity';
import type { Adobe } from '../../adobe/clients.js';
import { AdobeCallError, mayPass } from '../../adobe/http/errors.js';
import { describeAdobeCodes } from '../../domain/errors.js';
import type { DestinationCheck, ForwarderActivities } from '../../domain/delivery/forwarder.js';
import type { Database } from '../../store/connection/database.js';
import { readGate } from '../../store/delivery/gate.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import { sourceIdOf } from '../sourceInStore.js';

const CONNECT_TIMEOUT_MS = 10_000;

export interface DestinationCheckDependencies {
  readonly database: Database;
  readonly keyRing: Pick<KeyRing, 'open'>;
  readonly adobe: Pick<Adobe, 'forSandbox'>;
  readonly configuration: { readonly inletUrl?: string };
}

export function createDestinationCheck(deps: DestinationCheckDependencies): ForwarderActivities['checkDestination'] {
  return async ({ uid, sandbox }) => {
    const sourceId = await sourceIdOf(deps.database, uid);
    const gate = await readGate(deps.database, sourceId);
    if (gate?.inletSealed === undefined || gate.flowId === undefined) {
      throw ApplicationFailure.nonRetryable('the source has no inlet', 'CAEP_SOURCE_UNKNOWN');
    }
    // Nothing is sent while the gate is closed, and a pause may have disabled the flow: no word on the destination.
    if (gate.opensInMs === undefined) return { well: true, closedFor: gate.reason };
    const url = deps.configuration.inletUrl ?? deps.keyRing.open(gate.inletSealed, inletContext(sourceId)).toString();
    const connection = await checkConnection(new URL(url));
    if (!connection.well || sandbox === undefined) return connection;
    return checkFlow(deps.adobe, sandbox, gate.flowId);
  };
}

async function checkConnection({ protocol, hostname, port }: URL): Promise<DestinationCheck> {
  const host = hostname.replaceAll(/[[\]]/g, '');
  const secure = protocol === 'https:';
  const target = { host, port: port === '' ? (secure ? 443 : 80) : Number(port), servername: host };
  const socket = secure ? connectTls(target) : connectTcp(target);
  try {
    await once(socket, secure ? 'secureConnect' : 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    return { well: true };
  } catch (error) {
    const { code, name } = error as { code?: string; name: string };
    return { well: false, stops: 'outage', detail: `no connection: ${code ?? name}` };
  } finally {
    socket.destroy();
  }
}

async function checkFlow(adobe: Pick<Adobe, 'forSandbox'>, sandbox: string, flowId: string): Promise<DestinationCheck> {
  try {
    const flow = await adobe.forSandbox(sandbox).flowService.getFlow(flowId);
    if (flow === undefined) return { well: false, stops: 'held', detail: 'the flow no longer exists' };
    if (flow.state === 'enabled') return { well: true };
    return { well: false, stops: 'held', detail: `the flow is ${flow.state ?? 'in no known state'}` };
  } catch (error) {
    if (!(error instanceof AdobeCallError)) throw error;
    return {
      well: false,
      stops: mayPass(error) ? 'outage' : 'held',
      detail: describeAdobeCodes(error.error),
    };
  }
}
