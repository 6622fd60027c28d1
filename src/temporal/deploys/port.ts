/** Builds of the workers as people see them: which one Temporal gives the tasks to, who works for it, what runs on it. */

/** Without a build id: workers that belong to no build, and what runs on them. */
export type BuildId = string | undefined;

/** Temporal's words. `inactive`: it has never had tasks. `draining`, `drained`: it has had them, and has not any more. */
export type BuildStatus = 'current' | 'ramping' | 'inactive' | 'draining' | 'drained';

export interface Build {
  readonly build: BuildId;
  readonly status: BuildStatus;
  /** When it became what it is, ms. */
  readonly since?: number;
  /** Processes that have asked for tasks within the last minute or so: one that has just ended is counted. */
  readonly workers: number;
  /** Task queues that none of them asks. */
  readonly unpolled: readonly string[];
  /** Running workflows whose last task was done by it. */
  readonly workflows: number;
}

/** A running workflow, and which build has done its last task. Its next task goes to the current one. */
export interface RunOnBuild {
  readonly workflowId: string;
  readonly build: BuildId;
}

export interface Deploys {
  readonly deployment: string;
  /** False: no worker with a build id has ever asked for tasks of it. */
  readonly isKnown: boolean;
  readonly current: BuildId;
  readonly ramping?: { readonly build: BuildId; readonly percentage: number };
  /** Newest first; at the end what has no build, where there is some. */
  readonly builds: readonly Build[];
  /** Those whose last task was not done by the current build. Eventually consistent. */
  readonly elsewhere: readonly RunOnBuild[];
}

export interface Promotion {
  readonly deployment: string;
  readonly build: BuildId;
  /** Of the workflows, this part; absent: all. */
  readonly percentage?: number;
}

export interface Promoted extends Promotion {
  readonly previous: BuildId;
}
