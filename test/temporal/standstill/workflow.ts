/** Stands still within a promise, longer than the SDK lets workflow code run, as when the whole process is paused meanwhile. */
export async function standstill(ms: number): Promise<string> {
  await Promise.resolve();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return 'alive';
}
