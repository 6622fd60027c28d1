import type { Replacement } from '../../domain/source/updating/replacing.js';

/** Of the flags `--replace` and `--new-dataset`. */
export function replacementOf({
  replace,
  newDataset,
}: {
  readonly replace?: boolean;
  readonly newDataset?: boolean;
}): Replacement | undefined {
  if (newDataset === true) return 'dataset';
  return replace === true ? 'flow' : undefined;
}
