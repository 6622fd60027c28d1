/**
 * A manifest as a command uses it: where it says nothing of `contents`, a new source keeps whole chats, and one that there is
 * already stays as it is; against a simulator with short waits the default windows are short as well.
 */
import type { IntakeReport } from '../../domain/events/shownEvents.js';
import type { Contents } from '../../domain/projection/projection.js';
import type { Delivery, Manifest } from '../../domain/source/manifest.js';
import { readManifest, readManifestText } from '../../manifest/read.js';
import { SHORT_WINDOWS, withShortWindows } from '../../manifest/shortWindows.js';
import type { Sources } from '../../temporal/sources/port.js';
import type { Context } from '../ports.js';

export interface UsedManifest {
  /** For a source that is made now. */
  readonly manifest: Manifest;
  /** For one that there is already, with what it was made with: `contents` absent in one of 0.1.x, `delivery` where it is known. */
  fitting(known: { readonly contents?: Contents; readonly delivery?: Delivery }): Manifest;
}

const CONTENTS_OF_NEW_SOURCES: Contents = 'full';

export async function readUsedManifest(context: Context, file: string): Promise<UsedManifest> {
  const text = await readManifestText(file);
  const { shortWindows } = context.configuration();
  const fitting: UsedManifest['fitting'] = ({ contents, delivery }) => {
    const written = readManifest(text, file, contents === undefined ? {} : { contents });
    const isReal = delivery?.settleWindowMs === written.delivery.settleWindowMs;
    return shortWindows && !isReal ? withShortWindows(written) : written;
  };
  return { manifest: fitting({ contents: CONTENTS_OF_NEW_SOURCES }), fitting };
}

/** For a source that does not run: a new one, or one that was there before, which Temporal forgets and the store does not. */
export async function manifestOfEnded(
  sources: Pick<Sources, 'ask'>,
  used: UsedManifest,
): Promise<{ readonly manifest: Manifest; readonly stored: IntakeReport['source'] }> {
  const { source: stored } = await sources.ask({ v: 1, ask: 'intake', name: used.manifest.name });
  return { manifest: stored === undefined ? used.manifest : used.fitting({ contents: stored.contents }), stored };
}

/** Said where a source is made. */
export function noteWindows({ configuration, output }: Context): void {
  if (!configuration().shortWindows) return;
  const { settleWindow, lakeLatency } = SHORT_WINDOWS;
  output.note(
    output.paint.faint(
      `The simulator waits seconds where Adobe takes minutes, so the defaults here are settleWindow ${settleWindow} and lakeLatency ${lakeLatency}. Use \`npm start -- --real-time\` for the real ones.`,
    ),
  );
}
