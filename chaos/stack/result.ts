/** What the run tries and what came of it: data for the table. */

export interface CellResult {
  /** Rows of the table: what was done to it. */
  readonly what: string;
  /** Columns of the table: to which operation. */
  readonly operation: string;
  readonly name: string;
  /** What is wrong; empty when it held. */
  readonly faults: readonly string[];
  /** Mapping sets left by an undo; absent where nothing was undone. */
  readonly mappingSets?: { readonly left: number; readonly usedAgain: boolean };
  /** Answers because of which a command was typed once more; absent where nobody types. */
  readonly typedAgain?: readonly string[];
  readonly durationMs: number;
}

export type Report = (result: CellResult) => void;
