/** A step that makes an object beside one that is there, or that was there and that a list may still show. */
import type { Standing, Step } from '../steps/step.js';

/** @param ids of objects that this step does not find, whatever mark they carry */
export function besides(step: Step, ids: readonly string[] = []): Step {
  if (ids.length === 0) return step;
  const others = ({ ours, foreign }: Standing): Standing => ({
    ours: ours.filter(({ id }) => !ids.includes(id)),
    foreign: foreign !== undefined && ids.includes(foreign.resource.id) ? undefined : foreign,
  });
  const afterRefusal = step.standingAfterRefusal?.bind(step);
  return {
    ...step,
    lookup: async (context) => others(await step.lookup(context)),
    ...(afterRefusal === undefined
      ? {}
      : {
          standingAfterRefusal: async (context, refusal) => {
            const standing = await afterRefusal(context, refusal);
            return standing && others(standing);
          },
        }),
  };
}
