/** A bound on waiting. */

/** Waits for work no longer than the bound, and then for what `late` says. The work goes on; whoever waits for it does not. */
export async function within<T, Late>(boundMs: number, work: Promise<T>, late: () => Late): Promise<T | Late> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, boundMs);
  });
  try {
    return await Promise.race([work, over.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}
