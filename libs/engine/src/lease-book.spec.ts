import { describe, expect, it } from '@jest/globals';
import { emptyFleet, type Event } from '#core';
import { A, aRunningEngine, query, settle } from '../../../test/support/running-engine.js';
import { nothingLearned } from '../../../test/support/builders.js';
import { LeaseBook } from './lease-book.js';

const WALL = 1_800_000_000_000;
const leasesIn = (written: readonly { kind: string }[]) => written.filter(({ kind }) => kind === 'leases');

async function warm() {
  const running = await aRunningEngine();
  void running.engine.admit(query(), 60_000);
  await settle();
  running.server.loadEnds(A.id);
  await settle();
  return running;
}

describe('a lease longer than the default', () => {
  it('is answered at once, and written within a second, rounded up', async () => {
    const { engine, clock, store } = await warm();
    clock.time = 2_000.5;
    expect(engine.route(query({ lease: 300_000 }))).toMatchObject({ lease: 300_000 });
    expect(leasesIn(store.written)).toEqual([]);
    clock.ring();
    await settle();
    expect(clock.time).toBeLessThanOrEqual(3_000.5);
    const value = { a: WALL + 303_000 };
    expect(leasesIn(store.written)).toEqual([{ kind: 'leases', server: 't', value }]);
  });

  it('is written at once when the engine stops', async () => {
    const { engine, store } = await warm();
    engine.route(query({ lease: 300_000 }));
    engine.stop();
    expect(leasesIn(store.written)).toHaveLength(1);
  });

  it('is removed once what is left of it is no longer than the default', async () => {
    const { engine, clock, store } = await warm();
    engine.route(query({ lease: 20_000 }));
    clock.ring();
    await settle();
    clock.time += 10_000;
    engine.tell();
    await settle();
    expect(leasesIn(store.written).at(-1)).toEqual({ kind: 'leases', server: 't', value: null });
  });

  it('is written in full where a drain with a deadline cuts it: it holds again once that is taken back', async () => {
    const { engine, store, clock } = await warm();
    engine.route(query({ lease: 300_000 }));
    engine.tell({ kind: 'DrainOrdered', server: 't' as never, deadline: clock.time + 1_000 });
    engine.stop();
    expect(leasesIn(store.written).at(-1)).toMatchObject({ value: { a: WALL + clock.time + 300_000 } });
  });

  it('wakes the engine no more once its server is gone', async () => {
    const { engine, clock } = await warm();
    engine.route(query({ lease: 300_000 }));
    engine.removeServer('t' as never);
    await settle();
    clock.time += 1_000;
    engine.tell();
    await settle();
    const asked = clock.time;
    expect(() => clock.ring()).not.toThrow();
    expect(clock.time).toBeGreaterThan(asked);
  });

  it('is the only one that is written', async () => {
    const { engine, clock, store } = await warm();
    engine.route(query({ lease: 10_000 }));
    clock.time += 5_000;
    engine.tell();
    await settle();
    expect(leasesIn(store.written)).toEqual([]);
  });

  it.each([
    ['as much as is left of it', 0, 60_000],
    ['no longer than the longest lease, where the wall clock was set back', -3_600_000, 600_000],
  ])('holds in the next life for %s', async (_, jump, left) => {
    const facts = { ...nothingLearned(), leases: new Map([['t' as never, { a: WALL + 60_000 }]]) };
    const learned = { read: () => Promise.resolve(facts), write: () => Promise.resolve() };
    const book = new LeaseBook(learned, () => WALL + jump);
    expect(await book.recall(7)).toEqual([
      { kind: 'LeasesRemembered', server: 't', leases: [{ model: 'a', until: 7 + left }] },
    ]);
  });

  it('stays in the store as long as its server may not be declared yet', async () => {
    const store = aLeaseStore({ a: WALL + 60_000 });
    const book = new LeaseBook(store, () => WALL);
    await book.recall(7);
    book.keep({ ...emptyFleet(), serversAwaited: true }, [], 8);
    expect(store.leases).toEqual({ a: WALL + 60_000 });
    book.finish(emptyFleet(), 9);
    expect(store.leases).toBeNull();
  });

  it('ends at the same time in the store, however often Berth is started again', async () => {
    const end = WALL + 60_000;
    let leases = { a: end };
    for (let life = 1; life <= 5; life += 1) {
      const store = aLeaseStore(leases);
      let wall = WALL + life;
      const book = new LeaseBook(store, () => wall++);
      const [told] = await book.recall(7.9);
      const promised = new Map((told as Remembered).leases.map(({ model, until }) => [model, until]));
      const fleet = { ...emptyFleet(), servers: new Map([['t', { spec: { id: 't' }, promised }]]) };
      book.finish(fleet as never, 8.1);
      leases = store.leases;
    }
    expect(leases).toEqual({ a: end });
  });
});

type Remembered = Extract<Event, { kind: 'LeasesRemembered' }>;

/** A store that holds the leases on one server. */
const aLeaseStore = (leases: { a: number }) => ({
  leases,
  read: () => Promise.resolve({ ...nothingLearned(), leases: new Map([['t' as never, leases]]) }),
  write(changes: readonly { value: unknown }[]) {
    for (const { value } of changes) this.leases = value as { a: number };
    return Promise.resolve();
  },
});
