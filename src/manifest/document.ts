/** A manifest as it was written, before anything is known of it: rules look into it without trusting its shape. */

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value below `path`, own properties only. */
export function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isMap(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}

export function list(value: unknown, ...path: string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** Positions whose text stood earlier in the list. */
export function repeated(values: readonly unknown[]): number[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    if (typeof value !== 'string') return [];
    const isRepeated = seen.has(value);
    seen.add(value);
    return isRepeated ? [index] : [];
  });
}

/** A broken rule at a path: `got` defaults to what stands there. */
export interface BrokenRule {
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly got?: string;
  readonly hint?: string;
}
