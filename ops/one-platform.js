/**
 * Removes Temporal's native libraries of other platforms from an installation: some 120 MB.
 *
 * Usage: node one-platform.js [FOLDER], the folder that has `node_modules`; by default the current one
 */
import { readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const folder = resolve(process.argv[2] ?? '.');
const bridge = createRequire(join(folder, 'package.json')).resolve('@temporalio/core-bridge/common.js');
const { getPrebuiltPath } = createRequire(bridge)(bridge);
// Fails where there is none for this platform, and then nothing is removed.
const own = dirname(getPrebuiltPath());
const releases = dirname(own);
for (const name of readdirSync(releases)) {
  if (join(releases, name) !== own) rmSync(join(releases, name), { recursive: true });
}
