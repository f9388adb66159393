import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { gpuAccount } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';
import { meterOf } from '../fleet/meter.js';
import { SOON } from '../learned/closing.js';
import { MemoryPool } from './memory-pool.js';

const T = aServer('t').id;
/** What an unload is taken to last before any was seen. */
const UNLOAD = 1_000;

const bytes = (count: number, ordinal = 0) => [{ account: gpuAccount(T, ordinal), bytes: count }];

const poolOf = ({ fleet, now }: CoreDriver): MemoryPool => new MemoryPool(fleet, new Ledger(fleet, now), now);

/** Of 20 bytes 2 are free; `a` (8) leaves when its lease of 10 s ends, `b` (10) when its lease of 30 s does. */
function leaving(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { gpuBytes: 8 }), aModel('b', { gpuBytes: 10 }))
    .serve(aServer('t', [20, 5]), ['a', 'b']);
  for (const [name, lease] of [
    ['a', 10_000],
    ['b', 30_000],
  ] as const) {
    driver.tell({ kind: 'ConfigLearned', server: T, model: aModel(name).id, config: ON_FIRST, steps: [] });
    driver.warm(name, 't').resolve(name, { lease });
    driver.tell({ kind: 'UnloadOrdered', model: aModel(name).id, force: false });
  }
  return driver;
}

const ON_FIRST = { json: '{}', kind: 'gpu', gpus: [0], count: 1 } as const;

/** Takes so much for a load that begins as soon as it is free, and tells when that is. */
function takenFrom(pool: MemoryPool, count: number): number {
  const at = pool.freeAt(bytes(count));
  pool.take(bytes(count), at);
  return at;
}

describe('memory', () => {
  it('is free now, or when enough of what leaves has left: its leases end, then it is unloaded', () => {
    const driver = leaving();
    const pool = poolOf(driver);
    const after = [2, 3, 10, 11, 20].map((count) => pool.freeAt(bytes(count)) - driver.now);
    expect(after).toEqual([0, 10_000 + UNLOAD, 10_000 + UNLOAD, 30_000 + UNLOAD, 30_000 + UNLOAD]);
  });

  it('is free sooner by as long as the unload has run', () => {
    const driver = leaving();
    driver.unloadsEnd = false;
    driver.pass(10_600);
    expect(driver.phase('a', 't')).toBe('unloading');
    expect(poolOf(driver).freeAt(bytes(10)) - driver.now).toBeLessThan(UNLOAD / 2);
  });

  it('is not free at once where what leaves could have left in an earlier turn: an event is waited for', () => {
    const driver = leaving();
    driver.now += 10_000;
    expect(poolOf(driver).freeAt(bytes(10)) - driver.now).toBe(UNLOAD);
    driver.now += 1;
    expect(poolOf(driver).freeAt(bytes(10)) - driver.now).toBe(SOON + UNLOAD);
  });

  it('is never free beyond what the account has, nor where what leaves is stuck', () => {
    const driver = leaving();
    expect(poolOf(driver).freeAt(bytes(21))).toBe(Infinity);
    driver.unloadsEnd = false;
    driver.pass(30_000 + driver.fleet.limits.stuckAfter + 20_000);
    expect([poolOf(driver).freeAt(bytes(2)), poolOf(driver).freeAt(bytes(3))]).toEqual([
      driver.now,
      Infinity,
    ]);
  });

  it('is free of several accounts when it is of the last of them', () => {
    const driver = leaving();
    const both = [...bytes(3), ...bytes(5, 1)];
    expect(poolOf(driver).freeAt(both)).toBe(driver.now + 10_000 + UNLOAD);
  });

  it('that one job has taken is not there for the next', () => {
    const driver = leaving();
    const pool = poolOf(driver);
    const taken = [2, 8, 10].map((count) => takenFrom(pool, count) - driver.now);
    expect(taken).toEqual([0, 10_000 + UNLOAD, 30_000 + UNLOAD]);
    expect(pool.freeAt(bytes(1))).toBe(Infinity);
  });

  it('that is free sooner is left by a job that has to wait all the same', () => {
    const driver = leaving();
    const pool = poolOf(driver);
    expect(takenFrom(pool, 11) - driver.now).toBe(30_000 + UNLOAD);
    expect([2, 9].map((count) => pool.freeAt(bytes(count)) - driver.now)).toEqual([0, 10_000 + UNLOAD]);
    expect(pool.freeAt(bytes(10))).toBe(Infinity);
  });

  it('that is free sooner is left by a job that begins later for want of a slot', () => {
    const driver = leaving();
    const pool = poolOf(driver);
    pool.take(bytes(2), driver.now + 10_000 + UNLOAD);
    expect(pool.freeAt(bytes(2))).toBe(driver.now);
  });

  it('of a copy that is to leave for a job is free from then on', () => {
    const driver = leaving();
    const pool = poolOf(driver);
    pool.add(bytes(4), driver.now + 5_000);
    expect([6, 7].map((count) => pool.freeAt(bytes(count)) - driver.now)).toEqual([5_000, 10_000 + UNLOAD]);
  });

  it('of a closed device is free from when that opens on, what leaves before alike', () => {
    const driver = new CoreDriver()
      .declare(aModel('a'))
      .serve(aServer('t', [10]), ['a'])
      .warm('a', 't');
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: false });
    driver.pass(5_000);
    const closed = { since: 1, because: 'ran_out', most: Infinity, quietSince: 1 } as const;
    Object.assign(meterOf(driver.fleet.servers.get(T)!, 0), { closed, movedAt: driver.now + 12_000 });
    const pool = poolOf(driver);
    pool.add(bytes(4), driver.now + 20_000);
    const opens = 12_000 + 3_000;
    expect([1, 10, 14].map((count) => pool.freeAt(bytes(count)) - driver.now)).toEqual([
      opens,
      opens,
      20_000,
    ]);
  });
});
