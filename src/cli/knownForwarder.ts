import { CodedError } from '../domain/errors.js';
import type { ForwarderReport, Sources } from '../temporal/sources/port.js';

/** For a command whose answer stands without it: undefined when the forwarder cannot be asked. */
export async function knownForwarder(sources: Sources, name: string): Promise<ForwarderReport | undefined> {
  try {
    return await sources.forwarderState(name);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return undefined;
  }
}
