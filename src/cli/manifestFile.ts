/** A manifest as a command uses it: against a simulator with short waits the standard windows are short as well. */
import type { Manifest } from '../domain/manifest.js';
import { readManifestFile } from '../manifest/read.js';
import { SHORT_WINDOWS, withShortWindows } from '../manifest/shortWindows.js';
import type { Context } from './ports.js';

export interface UsedManifest {
  /** For a source that is made now. */
  readonly manifest: Manifest;
  /** For one that runs: with the windows with which it was made. Asked for only where there are two kinds. */
  fitting(running: () => Promise<Pick<Manifest, 'delivery'>>): Promise<Manifest>;
}

export async function readUsedManifest(context: Context, file: string): Promise<UsedManifest> {
  const written = await readManifestFile(file);
  if (!context.configuration().shortWindows) return { manifest: written, fitting: () => Promise.resolve(written) };
  const short = withShortWindows(written);
  return {
    manifest: short,
    async fitting(running) {
      const { delivery } = await running();
      return delivery.settleWindowMs === written.delivery.settleWindowMs ? written : short;
    },
  };
}

/** Said where a source is made. */
export function noteWindows({ configuration, output }: Context): void {
  if (!configuration().shortWindows) return;
  const { settleWindow, lakeLatency } = SHORT_WINDOWS;
  output.note(
    output.paint.faint(
      `Short windows, as this is the simulator of \`npm start\`: standard values are settleWindow ${settleWindow}, lakeLatency ${lakeLatency}. \`npm start -- --real-time\` has the true ones.`,
    ),
  );
}
