import type { Manifest } from '../../domain/manifest.js';
import type { Marker } from '../../domain/steps.js';

/** The part of PostgreSQL that provisioning writes: the source's row, its gate and its webhook routes. */
export interface ProvisioningStore {
  /** Idempotent. Seals the inlet URL and sets when the gate opens. */
  saveInlet(
    source: { readonly marker: Marker; readonly manifest: Manifest },
    inlet: { readonly flowId: string; readonly url: string; readonly opensAt: Date },
  ): Promise<void>;
  /** Idempotent. Makes a secret per widget and kind where there is none; answers how many routes stand. */
  makeRoutes(source: { readonly marker: Marker; readonly manifest: Manifest }): Promise<number>;
  /** Webhooks of this source are answered 404 from now on. */
  retireRoutes(marker: Marker): Promise<void>;
  /** Nothing is sent from now on. */
  closeGate(marker: Marker, reason: string): Promise<void>;
}
