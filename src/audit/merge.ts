/** Streams in the order of event ids, joined without holding more than one of each in memory. */

export interface Identified {
  /** 64 lower case hexadecimal digits. */
  readonly id: string;
}

export interface Pair<A, B> {
  readonly id: string;
  readonly a?: A;
  readonly b?: B;
}

/**
 * A full outer join.
 *
 * @throws Error when a stream is not strictly ascending: then nothing that it says can be trusted
 */
export async function* join<A extends Identified, B extends Identified>(
  left: AsyncIterable<A>,
  right: AsyncIterable<B>,
): AsyncGenerator<Pair<A, B>> {
  const [as, bs] = [ascending(left, 'left'), ascending(right, 'right')];
  let [a, b] = [await next(as), await next(bs)];
  while (a !== undefined || b !== undefined) {
    if (b === undefined || (a !== undefined && a.id < b.id)) {
      yield { id: (a as A).id, a };
      a = await next(as);
    } else if (a === undefined || b.id < a.id) {
      yield { id: b.id, b };
      b = await next(bs);
    } else {
      yield { id: a.id, a, b };
      [a, b] = [await next(as), await next(bs)];
    }
  }
}

async function* ascending<T extends Identified>(stream: AsyncIterable<T>, side: string): AsyncGenerator<T, undefined> {
  let last = '';
  for await (const one of stream) {
    if (one.id <= last) throw new Error(`the ${side} stream is not in the order of ids after ${last}`);
    last = one.id;
    yield one;
  }
  return undefined;
}

async function next<T>(stream: AsyncGenerator<T, undefined>): Promise<T | undefined> {
  return (await stream.next()).value;
}

export async function* none(): AsyncGenerator<never> {}
