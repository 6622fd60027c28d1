/** `npm run build`: the programs as they are shipped, and the packages that are shipped beside this one. */
import { copyFileSync, rmSync } from 'node:fs';
import { packageFile } from '../src/process/packageFiles.js';
import { addWorkflows, compile } from './buildPrograms.js';
import { bundleClient } from './build/client.js';
import { APART, lockPackage, writeDependencies, writePackage } from './build/packages.js';
import { writeSbom } from './build/sbom.js';

const out = packageFile('dist');
// What has been removed from the sources is not shipped.
rmSync(out, { recursive: true, force: true });
await compile('tsconfig.build.json', out);
await addWorkflows(out);
await bundleClient(out);
for (const one of APART) {
  const folder = await writePackage(one, out);
  await lockPackage(folder);
  await writeSbom(folder);
}
const own = writeDependencies(out);
await lockPackage(own);
copyFileSync(await writeSbom(own), packageFile('dist/sbom.cdx.json'));
