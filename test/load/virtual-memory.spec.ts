import { describe, expect, it } from '@jest/globals';
import type { ModelId, ServerId } from '#core';
import { PLAIN, type Truth, VirtualMemory } from './virtual-memory.js';

const SERVER = 't0' as ServerId;
const [A, B] = ['a', 'b'] as [ModelId, ModelId];
const NOBODY = new Map<ModelId, number>();
const INTERVAL = PLAIN.interval;

/** One GPU of 100 bytes, and copies of 40. */
const truthOf = (parts: Partial<Truth> = {}): Truth => ({
  ...{ ...PLAIN, gpus: () => [100], takes: () => 40 },
  ...parts,
});

const memoryOf = (parts: Partial<Truth> = {}): VirtualMemory =>
  VirtualMemory.of(SERVER, truthOf(parts), NOBODY);
const usedAt = (memory: VirtualMemory, now: number): number | undefined => memory.sample(now)?.[0]!.used;

/** The moments, from then on, at which a sample begins to show what was taken then. */
function shownAfter(memory: VirtualMemory, taken: number): number {
  const before = usedAt(memory, taken);
  let now = taken;
  while (usedAt(memory, now) === before) now += 1;
  return now - taken;
}

describe('the memory of a virtual server', () => {
  it('shows what was held at the last reading, which is up to an interval old', () => {
    for (const taken of [10_000, 10_700, 11_999]) {
      const memory = memoryOf();
      expect(memory.take(A, 0, taken)).toBe(true);
      const shown = shownAfter(memory, taken);
      expect(shown).toBeGreaterThan(0);
      expect(shown).toBeLessThanOrEqual(INTERVAL);
      expect(usedAt(memory, taken + INTERVAL)).toBe(40);
    }
  });

  it('is read by a clock of its own', () => {
    const offsets = ['t0', 't1', 't2'].map((id) => {
      const memory = VirtualMemory.of(id as ServerId, truthOf(), NOBODY);
      memory.take(A, 0, 10_000);
      return shownAfter(memory, 10_000);
    });
    expect(new Set(offsets).size).toBe(3);
  });

  it('is read as often as it is told to', () => {
    const memory = memoryOf({ interval: 250 });
    memory.take(A, 0, 10_000);
    expect(shownAfter(memory, 10_000)).toBeLessThanOrEqual(250);
  });

  it('shows what was there from the start', () => {
    expect(usedAt(VirtualMemory.of(SERVER, truthOf(), new Map([[A, 0]])), 0)).toBe(40);
  });

  it('runs out where a copy takes more than is free', () => {
    const memory = memoryOf({ others: () => 30 });
    expect(memory.take(A, 0, 0)).toBe(true);
    expect(memory.take(B, 0, 1)).toBe(false);
    expect(usedAt(memory, INTERVAL)).toBe(70);
  });

  it('has room again once a copy that left has given its memory back', () => {
    const memory = memoryOf({ others: () => 30 });
    memory.take(A, 0, 0);
    expect(memory.leave(A)).toBe(0);
    expect(memory.take(B, 0, 1)).toBe(false);
    memory.giveBack(A, 0, 2);
    expect(memory.take(B, 0, 3)).toBe(true);
  });

  it('knows of no memory of a copy whose load ran out', () => {
    const memory = memoryOf({ others: () => 100 });
    expect(memory.take(A, 0, 0)).toBe(false);
    expect(memory.leave(A)).toBeUndefined();
  });

  it('never gives others more than is free', () => {
    const memory = memoryOf({ others: () => 90 });
    expect(usedAt(memory, 0)).toBe(90);
    const shared = VirtualMemory.of(SERVER, truthOf({ others: () => 90 }), new Map([[A, 0]]));
    expect(usedAt(shared, 0)).toBe(100);
  });

  it('shows others as they were at the reading', () => {
    const memory = memoryOf({ others: (_server, _device, at) => (at >= 10_000 && at < 20_000 ? 30 : 0) });
    expect([9_999, 10_000 + INTERVAL, 20_000 + INTERVAL].map((now) => usedAt(memory, now))).toEqual([
      0, 30, 0,
    ]);
  });

  it('says nothing while the metrics are silent', () => {
    const memory = memoryOf({ isSilent: (_server, at) => at < 1_000 });
    expect(memory.sample(999)).toBeNull();
    expect(memory.sample(1_000)).not.toBeNull();
  });

  it('keeps what a backend keeps until its model is loaded there again', () => {
    const memory = memoryOf({ keeps: (model) => (model === A ? 10 : 0) });
    for (const now of [0, 10]) {
      memory.take(A, 0, now);
      memory.giveBack(A, memory.leave(A)!, now + 1);
    }
    expect(usedAt(memory, 10_000)).toBe(10);
    memory.take(A, 0, 10_001);
    expect(usedAt(memory, 20_000)).toBe(40);
  });

  it('has copies to which the same would happen, and nothing of which it shares', () => {
    const memory = memoryOf();
    memory.take(A, 0, 0);
    const copy = memory.copy();
    memory.giveBack(A, memory.leave(A)!, 1);
    expect(usedAt(memory, INTERVAL)).toBe(0);
    expect(usedAt(copy, INTERVAL)).toBe(40);
  });
});
