/**
 * Shapes of what comes from outside into a workflow, perhaps typed by hand in the Temporal UI.
 *
 * A validator library would be evaluated once for each cached workflow of a worker: so the few shapes that are needed stand here.
 */

/** What is wrong with the value, as `delivery.partitions must be …`; undefined when nothing is. */
export interface Shape<T = unknown> {
  (value: unknown, path?: string): string | undefined;
  /** Never set: the type that it describes. */
  readonly describes?: T;
}

const mustBe = (path: string | undefined, expected: string): string =>
  path === undefined ? `expected ${expected}` : `${path} must be ${expected}`;

const accepting =
  (accepts: (value: unknown) => boolean, expected: string): Shape =>
  (value, path) =>
    accepts(value) ? undefined : mustBe(path, expected);

const MAX_TEXT_LENGTH = 4_096;

export const text = accepting(
  (value) => typeof value === 'string' && value.length <= MAX_TEXT_LENGTH,
  `a text of at most ${MAX_TEXT_LENGTH} characters`,
);

export const filledText = accepting(
  (value) => typeof value === 'string' && value.trim() !== '' && value.length <= MAX_TEXT_LENGTH,
  `a text of 1 to ${MAX_TEXT_LENGTH} characters`,
);

export const flag = accepting((value) => typeof value === 'boolean', 'true or false');

export function oneOf(choices: readonly (string | number)[]): Shape {
  return accepting((value) => (choices as readonly unknown[]).includes(value), `one of ${choices.join(', ')}`);
}

export function wholeNumber(atLeast: number, atMost: number): Shape {
  return accepting(
    (value) => Number.isSafeInteger(value) && (value as number) >= atLeast && (value as number) <= atMost,
    `a whole number from ${atLeast} to ${atMost}`,
  );
}

export function optional(shape: Shape): Shape {
  return (value, path) => (value === undefined ? undefined : shape(value, path));
}

export function listOf(element: Shape, { atLeast = 0 } = {}): Shape {
  return (value, path) => {
    if (!Array.isArray(value) || value.length < atLeast)
      return mustBe(path, atLeast === 0 ? 'a list' : 'a filled list');
    return firstFault(value.map((inner, index) => () => element(inner, `${path ?? ''}[${index}]`)));
  };
}

/** A map with any names. */
export function mapOf(element: Shape): Shape {
  return (value, path) => {
    if (!isObject(value)) return mustBe(path, 'an object');
    return firstFault(
      Object.entries(value).map(
        ([name, inner]) =>
          () =>
            element(inner, below(path, name)),
      ),
    );
  };
}

/** Exactly these members: a misspelt one is refused, or it would be done without what it asks for. */
export function object<T extends object>(members: { readonly [K in keyof Required<T>]: Shape }): Shape<T> {
  const shapes = new Map<string, Shape>(Object.entries(members));
  return (value, path) => {
    if (!isObject(value)) return mustBe(path, `an object with ${[...shapes.keys()].join(', ')}`);
    const unknown = Object.keys(value).find((name) => !shapes.has(name));
    if (unknown !== undefined) {
      return `${below(path, unknown.slice(0, 40))} is unknown; known are ${[...shapes.keys()].join(', ')}`;
    }
    return firstFault(
      [...shapes].map(
        ([name, shape]) =>
          () =>
            shape(value[name], below(path, name)),
      ),
    );
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function below(path: string | undefined, name: string): string {
  return path === undefined ? name : `${path}.${name}`;
}

function firstFault(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const fault = check();
    if (fault !== undefined) return fault;
  }
  return undefined;
}
