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

/** Far longer than a drain lasts: one that goes on has just asked for it. */
const IDLE_MS = 10 * 60_000;

export function createInlets(createInlet: InletFactory, nowMs: () => number = () => performance.now()): Inlets {
  /** Those that were asked for last stand last. */
  const inlets = new Map<string, { readonly key: string; readonly inlet: InletPort; readonly usedAtMs: number }>();

  function forgetIdle(): void {
    for (const [uid, { inlet, usedAtMs }] of inlets) {
      if (nowMs() - usedAtMs < IDLE_MS) return;
      inlets.delete(uid);
      void inlet.close();
    }
  }

  return {
    get(uid, settings) {
      const key = JSON.stringify(settings);
      const known = inlets.get(uid);
      const isSame = known?.key === key;
      if (!isSame) void known?.inlet.close();
      const inlet = isSame ? known.inlet : createInlet(settings);
      inlets.delete(uid);
      inlets.set(uid, { key, inlet, usedAtMs: nowMs() });
      forgetIdle();
      return inlet;
    },
  };
}
