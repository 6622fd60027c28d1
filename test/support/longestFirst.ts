/** Starts the files that take minutes before all others, so that no process is left with one of them at the end while the other has nothing to do. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest first, as measured in a whole run. */
const LONGEST = [
  'e2e/forward-chaos',
  'e2e/provision-chaos',
  'workflows/source',
  'dev/stack',
  'activities/drain/overHttp/setBack',
  'e2e/demo',
  'workflows/forwarder/workflow',
  'temporal/overtaken',
  'process/lostOutput',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const places = new Map(others.map((file, place) => [file, rankOf(file) ?? LONGEST.length + place]));
    return others.toSorted((one, other) => (places.get(one) ?? 0) - (places.get(other) ?? 0));
  }
}

function rankOf({ moduleId }: TestSpecification): number | undefined {
  const rank = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return rank === -1 ? undefined : rank;
}
