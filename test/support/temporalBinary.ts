/** The Temporal server's program, obtained as `npm start` does it. */
import { readConfiguration } from '../../src/configuration.js';
import { obtainTemporalServer } from '../../src/temporal/devServer/obtainServer.js';

/** A run is deleted once the server has taken note that it has closed, which it does every half minute by itself. */
export const SOON_DELETED = {
  'history.transferProcessorUpdateAckInterval': '1s',
  'history.visibilityProcessorUpdateAckInterval': '1s',
};

export function temporalBinary(): Promise<string> {
  const { cacheDir } = readConfiguration(process.env);
  return obtainTemporalServer({ cacheDir, environment: process.env, log: (line) => console.warn(line) });
}
