/** The Temporal server's program, obtained as `npm start` does it. */
import { readConfiguration } from '../../src/configuration.js';
import { obtainTemporalServer } from '../../src/temporal/devServer/obtainServer.js';

export function temporalBinary(): Promise<string> {
  const { cacheDir } = readConfiguration(process.env);
  return obtainTemporalServer({ cacheDir, environment: process.env, log: (line) => console.warn(line) });
}
