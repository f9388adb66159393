import { beforeEach, describe, expect, it } from '@jest/globals';
import { emptyFleet, type ModelId } from '#core';
import type { LearnedChange, LearnedWant } from '#engine';
import { aModel, aServer } from '../../../../../test/support/builders.js';
import type { ReadyState } from '../../transport/health/process-health.js';
import { ScalingNumbers } from './scaling-numbers.js';
import { decide } from '../../../../../test/support/decide.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const A = 'a' as ModelId;

/** A process whose clocks, fleet and store the test moves. */
class Life {
  readonly fleet = emptyFleet();
  now = 1_000;
  /** How much the wall clock is ahead of the other one. */
  ahead = 1_000_000_000;
  state: ReadyState = 'ready';
  isBroken = false;
  written: readonly LearnedWant[] = [];
  sampled: number[] = [];

  constructor() {
    decide(this.fleet, [{ kind: 'ModelDeclared', model: aModel(A) }], this.now);
  }

  numbers(remembered: readonly LearnedWant[] = []): ScalingNumbers {
    const { fleet } = this;
    return new ScalingNumbers(
      {
        engine: { fleet, now: () => this.now },
        readiness: { state: () => this.state },
        learned: { write: (changes) => this.write(changes) },
        wallNow: () => this.now + this.ahead,
        onSampled: (_, wanted) => this.sampled.push(wanted),
      },
      remembered,
    );
  }

  asked(): void {
    this.fleet.requestRates.set(A, { sum: 1, at: this.now });
  }

  private write(changes: readonly LearnedChange[]): Promise<void> {
    if (this.isBroken) return Promise.reject(new Error('disk full'));
    for (const change of changes) if (change.kind === 'wants') this.written = change.value;
    return Promise.resolve();
  }
}

/** Lets what was begun without being waited for come to its end. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('the numbers for autoscalers', () => {
  let life: Life;

  beforeEach(() => {
    life = new Life();
  });

  it('rise at once, and fall an hour later', () => {
    const numbers = life.numbers();
    expect(numbers.wanted()).toBe(0);
    life.asked();
    expect(numbers.wanted()).toBe(1);
    life.now += HOUR;
    expect(numbers.read()).toMatchObject({ serversWanted: 1, serversWantedNow: 0 });
    life.now += MINUTE;
    expect(numbers.wanted()).toBe(0);
  });

  it('are refused as long as DNS has not told of all servers', () => {
    life.fleet.serversAwaited = true;
    const numbers = life.numbers();
    expect(() => numbers.read()).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ reason: 'no_leader' }) }),
    );
    expect([numbers.sample(), numbers.latest()]).toEqual([false, null]);
    life.fleet.serversAwaited = false;
    expect([numbers.sample(), numbers.latest()]).toEqual([true, { wanted: 0, present: 0 }]);
  });

  it('say no 0 while no declared server was reached since the start, but what is wanted', () => {
    decide(life.fleet, [{ kind: 'ServerDeclared', server: aServer('a') }], life.now);
    const numbers = life.numbers();
    const refused = expect.objectContaining({ facts: expect.objectContaining({ reason: 'no_leader' }) });
    expect(() => numbers.read()).toThrow(refused);
    expect(() => numbers.wanted()).toThrow(refused);
    expect([numbers.sample(), numbers.latest()]).toEqual([false, null]);
    life.asked();
    expect(numbers.wanted()).toBe(1);
  });

  it.each([
    ['starting', 'no_leader'],
    ['ending', 'shutting_down'],
  ] as const)('are refused while Berth is %s, and not taken down', (state, reason) => {
    life.state = state;
    const numbers = life.numbers();
    expect(() => numbers.read()).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ reason }) }),
    );
    expect(() => numbers.wanted()).toThrow();
    expect(numbers.sample()).toBe(false);
    expect(life.sampled).toEqual([]);
  });

  it('are told under pressure, too: the fleet is not to shrink because its control service is busy', () => {
    life.state = 'pressure';
    life.asked();
    expect(life.numbers().wanted()).toBe(1);
  });

  it('outlast the process', async () => {
    const numbers = life.numbers();
    life.asked();
    numbers.sample();
    await settled();
    const next = new Life();
    next.ahead += 30 * MINUTE;
    expect(next.numbers(life.written).wanted()).toBe(1);
    next.ahead += HOUR;
    expect(next.numbers(life.written).wanted()).toBe(0);
  });

  it('sum what is asked for without a server over the kind of server that was there last', () => {
    const models = ['b', 'c'].map((id) => aModel(id, { gpuBytes: 6 }));
    const tell = (...events: Parameters<typeof decide>[1]) => decide(life.fleet, events, life.now);
    const numbers = life.numbers();
    tell({ kind: 'ServerDeclared', server: aServer('s', [10]) });
    numbers.sample();
    tell({ kind: 'ServerWithdrawn', server: aServer('s').id });
    for (const model of models) tell({ kind: 'ModelDeclared', model });
    for (const { id } of models) life.fleet.requestRates.set(id, { sum: 1, at: life.now });
    expect(numbers.wanted()).toBe(2);
    expect(life.numbers().wanted()).toBe(1);
  });

  it('count as wanted now where the wall clock was set back', () => {
    const numbers = life.numbers([{ from: life.now + life.ahead + HOUR, servers: 7 }]);
    expect(numbers.wanted()).toBe(7);
    life.now += HOUR + MINUTE;
    expect(numbers.wanted()).toBe(0);
  });

  it('are as many as may be stored, also where the wall clock was set back by an hour', async () => {
    const later = life.now + life.ahead + HOUR;
    const remembered = Array.from({ length: 61 }, (_, nth) => ({ from: later + nth * MINUTE, servers: 7 }));
    const numbers = life.numbers(remembered);
    for (let minute = 0; minute < 5; minute += 1) {
      life.now += MINUTE;
      numbers.sample();
      await settled();
    }
    expect(numbers.wanted()).toBe(7);
    expect(life.written.length).toBeLessThanOrEqual(62);
  });

  it('are stored once it goes where the store had failed', async () => {
    const numbers = life.numbers();
    life.isBroken = true;
    life.asked();
    numbers.sample();
    await settled();
    expect(life.written).toEqual([]);
    life.isBroken = false;
    life.now += 5_000;
    numbers.sample();
    await settled();
    expect(life.written).toEqual([{ from: 1_000 + life.ahead, servers: 1 }]);
  });

  it('are written no more often than they change', async () => {
    const numbers = life.numbers();
    numbers.sample();
    await settled();
    const { written } = life;
    life.now += 5_000;
    numbers.sample();
    await settled();
    expect(life.written).toBe(written);
  });
});
