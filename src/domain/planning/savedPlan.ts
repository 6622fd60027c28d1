/** A plan that was kept, so that just it is carried out: refused once the world is not as it was seen any more. */
import type { Manifest } from '../source/manifest.js';
import type { Replacement } from '../source/updating/replacing.js';
import type { PlannedStep, SeenObject } from '../source/plan.js';

/** What an update that goes by a plan takes with it. */
export interface PlanCheck {
  readonly v: 1;
  /** Of the source. */
  readonly uid: string;
  /** As the source ran with when the plan was made. */
  readonly running: Manifest;
  readonly seen: readonly SeenObject[];
}

/** The file. Plain JSON, no secrets: the URL of an inlet is in it as a digest. */
export interface SavedPlan extends PlanCheck {
  readonly chatlioAep: 'plan';
  readonly name: string;
  readonly sandbox: string;
  /** ISO 8601. */
  readonly madeAt: string;
  /** As it is to be. */
  readonly manifest: Manifest;
  /** New connections and a new flow were asked for. */
  readonly replace?: Replacement;
  readonly steps: readonly PlannedStep[];
  /** Of all of the above: whoever edits the file by hand is told. */
  readonly digest: string;
}

/** Of more than these it is said how many. */
const NAMED = 3;

/**
 * What is not as it was seen: `flow name: Chatlio support-chat, now mine`.
 *
 * @returns undefined where everything is as it was
 */
export function movedSince(before: readonly SeenObject[], now: readonly SeenObject[]): string | undefined {
  const moved = [...new Set([...before, ...now].map(({ step }) => step))].flatMap((step) =>
    movesOf(
      step,
      before.find((one) => one.step === step),
      now.find((one) => one.step === step),
    ),
  );
  return listOf(moved);
}

/** @returns undefined for an empty list */
export function listOf(moved: readonly string[]): string | undefined {
  if (moved.length === 0) return undefined;
  const more = moved.length - NAMED;
  return `${moved.slice(0, NAMED).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function movesOf(step: string, before: SeenObject | undefined, now: SeenObject | undefined): string[] {
  if (before === undefined || now === undefined || now.fields === 'gone' || before.fields === 'gone') {
    const [was, is] = [standing(before), standing(now)];
    return was === is ? [] : [`${step}: ${was}, now ${is}`];
  }
  if (before.id !== now.id) return [`${step}: ${before.id}, now ${now.id}`];
  const fields = new Map(
    before.fields.map(({ field, found }) => [field, { was: found, is: undefined as string | undefined }]),
  );
  for (const { field, found } of now.fields) fields.set(field, { was: fields.get(field)?.was, is: found });
  return [...fields].flatMap(([field, { was, is }]) =>
    was === is ? [] : [`${step} ${field}: ${was ?? 'none'}, now ${is ?? 'none'}`],
  );
}

function standing(seen: SeenObject | undefined): string {
  if (seen === undefined) return 'not there';
  return seen.fields === 'gone' ? 'gone' : seen.id;
}
