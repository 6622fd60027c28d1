/**
 * Windows for a simulator whose own waits are short: what takes minutes and hours at Adobe takes seconds.
 *
 * Only default values are replaced; what a manifest sets otherwise stands. Real Adobe hosts refuse windows as short as these.
 */
import { DURATION_SETTINGS, type DurationSetting } from '../domain/delivery/deliverySettings.js';
import type { Manifest } from '../domain/source/manifest.js';
import { parseDuration } from './duration.js';

/** Above the simulator's own: its short policy has a settle window of 1.5 s and shows rows after 1 s. */
export const SHORT_WINDOWS = {
  settleWindow: '2s',
  schemaSettleWindow: '2s',
  lakeLatency: '20s',
} as const satisfies Partial<Record<DurationSetting, string>>;

export function withShortWindows(manifest: Manifest): Manifest {
  const { delivery } = manifest;
  const short = Object.fromEntries(
    Object.entries(SHORT_WINDOWS).flatMap(([setting, window]) => {
      const { field, default: value } = DURATION_SETTINGS[setting as keyof typeof SHORT_WINDOWS];
      return delivery[field] === parseDuration(value) ? [[field, parseDuration(window)]] : [];
    }),
  );
  return { ...manifest, delivery: { ...delivery, ...short } };
}
