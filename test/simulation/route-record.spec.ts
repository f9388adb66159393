import { describe, expect, it } from '@jest/globals';
import type { Route } from '#engine';
import { emptyFleet, type Fleet } from '#core';
import { RouteRecord } from './route-record.js';

const REPLICA = 'm@s' as never;
const route = { replica: REPLICA, model: 'm', server: 's', lease: 300_000 } as unknown as Route;

/** What a life knows of the one server and of the copy on it. */
function fleetWith(phase: string | null, lookedAt: number | null): Fleet {
  const fleet = emptyFleet();
  fleet.servers.set('s' as never, { lookedAt } as never);
  if (phase) fleet.replicas.set(REPLICA, { phase } as never);
  return fleet;
}

describe('the record of routes', () => {
  /** A life that gave a long lease at 0. */
  const earlier = (): RouteRecord => {
    const record = new RouteRecord();
    record.note(route, 0);
    return record;
  };

  /** The next one: not looked at, then found ready. */
  function next(record: RouteRecord): { record: RouteRecord; isLong: boolean } {
    const heir = new RouteRecord(record);
    heir.follow(fleetWith(null, null), 1_000);
    return { record: heir, isLong: heir.follow(fleetWith('ready', 1_500), 2_000) };
  }

  it('goes on to the next life with what was written down, and says that it has outlived', () => {
    const record = earlier();
    record.keep(REPLICA, 300_000);
    const { record: heir, isLong } = next(record);
    expect([heir.leasedUntil(REPLICA), isLong]).toEqual([300_000, true]);
    expect(heir.lastAt(REPLICA)).toBe(-Infinity);
  });

  it('ends with a copy that was let go, also where that turns out to be there still', () => {
    const record = earlier();
    record.cut(REPLICA, 1_000);
    record.follow(fleetWith('draining', 1_500), 2_000);
    expect(record.leasedUntil(REPLICA)).toBe(1_000);
  });

  it('goes on with all of it after an ordered end, and with nothing that was just given after a crash', () => {
    const crashed = earlier();
    expect(next(crashed).isLong).toBe(false);
    crashed.keepAll();
    expect(next(crashed).isLong).toBe(true);
  });

  it.each([null, 'unknown', 'placed', 'loading'])('forgets what has left and is %s now', (phase) => {
    const record = earlier();
    record.follow(fleetWith('unloading', 1_000), 1_000);
    expect(record.leasedUntil(REPLICA)).toBe(300_000);
    record.follow(fleetWith(phase, 1_000), 2_000);
    expect(record.leasedUntil(REPLICA)).toBe(-Infinity);
  });

  it.each([
    [
      'force',
      (record: RouteRecord) => record.hear({ kind: 'UnloadOrdered', model: 'm', force: true } as never, 5),
    ],
    ['the end of the server', (record: RouteRecord) => record.forget('s' as never)],
    ['a first look without the copy', (record: RouteRecord) => void record.follow(fleetWith(null, 5), 6)],
  ])('forgets in the next life by %s', (_, happens) => {
    const record = earlier();
    record.keepAll();
    const heir = new RouteRecord(record);
    happens(heir);
    expect(heir.leasedUntil(REPLICA)).toBeLessThanOrEqual(6);
  });
});
