/** How much a receiver may take on, by the memory that it has. */
import { totalmem } from 'node:os';
import { getHeapStatistics, type HeapInfo } from 'node:v8';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createByteBudget } from '../../../src/receiver/http/byteBudget.js';
import { memoryOfProcess, receiverLimits } from '../../../src/receiver/http/limits.js';

vi.mock(import('node:os'), async (importOriginal) => ({ ...(await importOriginal()), totalmem: vi.fn() }));
vi.mock(import('node:v8'), async (importOriginal) => ({ ...(await importOriginal()), getHeapStatistics: vi.fn() }));

const MIB = 1024 * 1024;

describe('the memory of a process', () => {
  const heapOf = (mebibytes: number) => ({ heap_size_limit: mebibytes * MIB }) as HeapInfo;

  it.each([
    { by: 'its container', container: 512, machine: 8_192, heap: 4_096, expected: 512 },
    { by: 'the machine, where there is no container', container: 0, machine: 8_192, heap: 5_000, expected: 8_192 },
    {
      by: 'the machine, where its container has no limit',
      container: 2 ** 43,
      machine: 8_192,
      heap: 5_000,
      expected: 8_192,
    },
    { by: 'twice its heap, where that was given a small one', container: 512, machine: 8_192, heap: 64, expected: 128 },
  ])('is bounded by $by', ({ container, machine, heap, expected }) => {
    const limit = vi.spyOn(process, 'constrainedMemory').mockReturnValue(container * MIB);
    onTestFinished(() => limit.mockRestore());
    vi.mocked(totalmem).mockReturnValue(machine * MIB);
    vi.mocked(getHeapStatistics).mockReturnValue(heapOf(heap));
    expect(memoryOfProcess()).toBe(expected * MIB);
  });
});

describe('the bounds of a receiver', () => {
  it.each([
    [128, 32, 16, 1_024],
    [512, 128, 64, 4_096],
    [65_536, 128, 64, 16_384],
  ])('with %d MiB are %d MiB in hand, %d of one URL, %d connections', (memory, most, ofRoute, connections) => {
    expect(receiverLimits(memory * MIB)).toEqual({
      maxBytes: most * MIB,
      maxBytesPerRoute: ofRoute * MIB,
      maxConnections: connections,
    });
  });

  it('are given back as requests end', () => {
    const budget = createByteBudget(MIB, MIB / 2);
    const one = budget.open('one');
    expect(one.add(0.6 * MIB)).toBe(false);
    expect(one.add(0.4 * MIB)).toBe(true);
    const other = budget.open('other');
    expect(other.add(0.4 * MIB)).toBe(true);
    expect(budget.open('third').add(0.2 * MIB)).toBe(false);
    one.keep(1_000);
    expect(budget.open('one').add(0.2 * MIB)).toBe(true);
    other.close();
    expect(budget.open('other').add(0.4 * MIB)).toBe(true);
  });
});
