/** The ports of a start: fixed for as long as it runs, so that a restarted service is found where it was. */
import type { Configuration } from '../configuration.js';
import { assertPortFree, freePort } from '../process/ports.js';

export interface StackPorts {
  readonly temporal: number;
  readonly temporalUi: number;
  readonly postgres: number;
  readonly simulator: number;
  readonly receiver: number;
}

const SERVICES: Readonly<Record<keyof StackPorts, { readonly service: string; readonly option: string }>> = {
  temporal: { service: 'the Temporal server', option: 'CHATLIO_AEP_TEMPORAL_PORT' },
  temporalUi: { service: 'the Temporal UI', option: 'CHATLIO_AEP_TEMPORAL_UI_PORT' },
  postgres: { service: 'PostgreSQL', option: 'CHATLIO_AEP_POSTGRES_PORT' },
  simulator: { service: 'the simulator', option: 'CHATLIO_AEP_SIMULATOR_PORT' },
  receiver: { service: 'the receiver', option: 'RECEIVER_PORT' },
};

/**
 * @param used what this start needs; the others are not looked at
 * @throws CodedError `CAEP_PORT_TAKEN`, before anything is started
 */
export async function choosePorts(
  configuration: Configuration,
  used: readonly (keyof StackPorts)[],
): Promise<StackPorts> {
  const wanted: StackPorts = { ...configuration.devPorts, receiver: configuration.receiver.port };
  const chosen: Record<keyof StackPorts, number> = { ...wanted };
  for (const name of used) {
    if (wanted[name] === 0) chosen[name] = await freePort();
    else await assertPortFree(wanted[name], SERVICES[name].service, SERVICES[name].option);
  }
  return chosen;
}
