/** What the processes have in memory: now, and at most. */
type Bytes = Readonly<Record<string, number>>;

const LOOK_EVERY_MS = 2_000;
const MB = 1_000_000;

export interface MemoryWatch {
  latest(): Bytes;
  /** By process: the most, and the most in the first and in the last quarter of the time. */
  most(): Readonly<Record<string, string>>;
  end(): void;
}

export function watchMemory(read: () => Bytes): MemoryWatch {
  const looks: Bytes[] = [];
  const look = () => void looks.push({ ...read(), 'this run': process.memoryUsage().rss });
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    latest: () => looks.at(-1) ?? {},
    most() {
      const quarter = Math.ceil(looks.length / 4);
      return Object.fromEntries(
        Object.keys(looks[0] ?? {}).map((name) => {
          const [first, last] = [mostOf(looks.slice(0, quarter), name), mostOf(looks.slice(-quarter), name)];
          return [name, `${mega(mostOf(looks, name))} MB (first quarter ${mega(first)}, last ${mega(last)})`];
        }),
      );
    },
    end: () => clearInterval(timer),
  };
}

export function memoryOf(bytes: Bytes): string {
  return Object.entries(bytes)
    .map(([name, value]) => `${name} ${mega(value)} MB`)
    .join(', ');
}

function mostOf(looks: readonly Bytes[], name: string): number {
  return Math.max(0, ...looks.map((look) => look[name] ?? 0));
}

function mega(bytes: number): string {
  return (bytes / MB).toFixed(0);
}
