/** What keeps a worker alive over a time in which its process or machine stands still. */

/**
 * The SDK runs workflow code with a time limit of 5 s by the clock. Where a pause of the process (a suspended machine, a container
 * that is frozen, a SIGSTOP) makes it pass within a promise, Node does not end the code but the process: "async hook stack has become
 * corrupted" (nodejs/node#38503, temporalio/sdk-typescript#939). The limit is there for code that never ends; ours does.
 *
 * Not part of the SDK's type, which says that it is "not exposed at the moment".
 */
export const SURVIVES_STANDSTILL = { isolateExecutionTimeout: '1 hour' } as const;
