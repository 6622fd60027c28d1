/** One inlet client per source, so that its connections outlive the slices of its drains. */
import type { Attempt, InletPolicy } from '../../domain/delivery/outcomes.js';

/** The part of `src/adobe/services/inlet.ts` that drains use. */
interface InletPort {
  post(body: Buffer, options: { readonly mayStart: () => boolean }): Promise<Attempt>;
  /** Waits for the attempts under way. */
  close(): Promise<void>;
}

interface InletSettings {
  /** A secret. */
  readonly url: string;
  readonly flowId: string;
  readonly sandbox?: string;
  readonly requestTimeoutMs: number;
  readonly on503: InletPolicy['on503'];
  readonly connections: number;
}

export type InletFactory = (settings: InletSettings) => InletPort;

export interface Inlets {
  /** Another one for other settings; the one before is closed when its requests have ended. */
  get(uid: string, settings: InletSettings): InletPort;
}

export function createInlets(createInlet: InletFactory): Inlets {
  const inlets = new Map<string, { readonly key: string; readonly inlet: InletPort }>();
  return {
    get(uid, settings) {
      const key = JSON.stringify(settings);
      const known = inlets.get(uid);
      if (known?.key === key) return known.inlet;
      void known?.inlet.close();
      const inlet = createInlet(settings);
      inlets.set(uid, { key, inlet });
      return inlet;
    },
  };
}
