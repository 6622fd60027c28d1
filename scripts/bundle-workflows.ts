/** Completes a build: the workflow bundle (made by exactly the SDK that will run it) and the files that tsc does not copy. */
import { cpSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflows } from '../src/temporal/workflowBundle.js';

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

const { code } = await bundleWorkflows();
writeFileSync(path('dist/src/workflows/bundle.js'), code);
cpSync(path('src/store/migrations'), path('dist/src/store/migrations'), { recursive: true });
