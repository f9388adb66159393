import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { scalingAndRemovals, scalingOf } from './scaling.js';

const IDLE = 300_000;

/** Has the start be so long ago that what is there does not count as wanted for that alone. */
function old(world: CoreDriver): CoreDriver {
  world.fleet.startedAt = world.now - IDLE;
  return world;
}

const wantedBy = (world: CoreDriver): number => scalingOf(world.fleet, new Now(world.now)).wanted;

describe('how many servers are wanted', () => {
  it('is none where nothing is asked for, and one for the first request, with or without a server', () => {
    const world = new CoreDriver().declare(aModel('a'));
    expect(wantedBy(world)).toBe(0);
    const request = world.resolve('a');
    expect(world.answerTo(request)).toBe('no_server');
    expect(wantedBy(world)).toBe(1);
    world.pass(IDLE - 1);
    expect(wantedBy(world)).toBe(1);
    world.pass(1);
    expect(wantedBy(world)).toBe(0);
  });

  it('is one for a minute where the only requests are for names that only a server could tell of', () => {
    const world = new CoreDriver();
    expect(world.answerTo(world.resolve('nobody-knows'))).toBe('no_server');
    world.pass(59_999);
    expect(wantedBy(world)).toBe(1);
    world.pass(1);
    expect(wantedBy(world)).toBe(0);
  });

  it('is none for an unknown name once all servers were seen', () => {
    const world = new CoreDriver().serve(aServer('s'), []);
    old(world);
    expect(world.answerTo(world.resolve('nobody-knows'))).toBe('unknown_model');
    expect(wantedBy(world)).toBe(0);
  });

  it('is what was used within the idle time, over the median server', () => {
    const models = ['a', 'b', 'c'].map((id) => aModel(id, { gpuBytes: 4, config: '{}' }));
    const world = new CoreDriver().declare(...models).serve(aServer('s', [10, 10]), ['a', 'b', 'c']);
    old(world);
    for (const id of ['a', 'b', 'c']) world.warm(id, 's');
    expect(scalingOf(world.fleet, new Now(world.now))).toMatchObject({
      wanted: 1,
      present: 1,
      wantedBytes: 12,
      heldBytes: 12,
      queuedBytes: 0,
      capacityBytes: 20,
    });
    for (const id of ['d', 'e']) {
      world.shelf('s').set(id, 'UNAVAILABLE');
      world.declare(aModel(id, { gpuBytes: 8, config: '{}' }));
    }
    world.pass(11_000);
    for (const id of ['d', 'e']) world.resolve(id);
    expect(scalingOf(world.fleet, new Now(world.now))).toMatchObject({
      wanted: 2,
      wantedBytes: 28,
      waiting: 2,
    });
  });

  it('counts pins and copies to be kept warm that are not used at all', () => {
    const world = new CoreDriver()
      .declare(aModel('a', { pinnedCopies: 3, gpuBytes: 9 }), aModel('b', { minCopies: 2, gpuBytes: 9 }))
      .serve(aServer('s', [10]), ['a', 'b']);
    old(world);
    expect(scalingOf(world.fleet, new Now(world.now))).toMatchObject({ wanted: 5, wantedBytes: 45 });
  });

  it('is as many devices as copies need that do not fit on one together', () => {
    const ids = ['a', 'b', 'c', 'd'];
    const world = new CoreDriver()
      .declare(...ids.map((id) => aModel(id, { gpuBytes: 6, pinnedCopies: 1 })))
      .serve(aServer('s', [10]), ids);
    old(world);
    expect(wantedBy(world)).toBe(4);
  });

  it('is as many servers as copies of one model have devices on, one copy on each at least', () => {
    const wanted = (devices: readonly number[], parts: Parameters<typeof aModel>[1]): number => {
      const world = new CoreDriver().declare(aModel('a', { gpuBytes: 3, ...parts }));
      return wantedBy(old(world.serve(aServer('s', devices), ['a'])));
    };
    expect(wanted([10], { pinnedCopies: 2 })).toBe(2);
    expect(wanted([10], { minCopies: 3 })).toBe(3);
    expect(wanted([10, 10], { pinnedCopies: 3 })).toBe(2);
    expect(wanted([10, 10], { pinnedCopies: 2, gpuBytes: 0 })).toBe(2);
    expect(wanted([10, 10], { pinnedCopies: 1, gpuBytes: 0 })).toBe(1);
  });

  it('sums what is asked for while no server is there over the median server of those seen last', () => {
    const ids = ['a', 'b', 'c', 'd'];
    const world = new CoreDriver().declare(...ids.map((id) => aModel(id, { gpuBytes: 6 })));
    world.serve(aServer('s', [10]), ids).serve(aServer('t', [10]), ids);
    const { room } = scalingOf(old(world).fleet, new Now(world.now));
    for (const id of ['s', 't']) world.tell({ kind: 'ServerWithdrawn', server: aServer(id).id });
    for (const id of ids) world.resolve(id);
    expect(scalingOf(world.fleet, new Now(world.now), room)).toMatchObject({
      wanted: 4,
      wantedBytes: 24,
      room,
    });
    expect(scalingOf(world.fleet, new Now(world.now))).toMatchObject({ wanted: 1, room: null });
  });

  it('does not count a disabled model, nor one that no server of this kind could hold', () => {
    const world = new CoreDriver()
      .declare(aModel('off', { enabled: false }), aModel('large', { gpuBytes: 11 }), aModel('gone'))
      .declare(aModel('elsewhere', { require: { zone: 'b' } }))
      .serve(aServer('s', [10]), ['off', 'large', 'elsewhere']);
    old(world);
    for (const id of ['off', 'large', 'gone', 'elsewhere']) world.resolve(id);
    expect(wantedBy(world)).toBe(0);
  });

  it('counts what an ensemble is made of', () => {
    const world = new CoreDriver()
      .declare(
        aModel('whole', { dependsOn: ['step' as never], gpuBytes: 6 }),
        aModel('step', { gpuBytes: 6 }),
      )
      .serve(aServer('s', [10, 10]), ['whole', 'step']);
    old(world);
    world.resolve('whole');
    expect(scalingOf(world.fleet, new Now(world.now)).wantedBytes).toBe(12);
  });

  it('is never less than what is there for an idle time after the start', () => {
    const world = new CoreDriver().serve(aServer('s'), []).serve(aServer('t'), []);
    expect(wantedBy(world)).toBe(2);
    world.pass(IDLE);
    expect(wantedBy(world)).toBe(0);
  });

  it('counts what is used without being asked for: callers may know where it is', () => {
    const world = new CoreDriver().declare(aModel('a')).serve(aServer('s'), ['a']);
    old(world).warm('a', 's');
    world.fleet.requestRates.clear();
    world.now += 20_000;
    expect(wantedBy(world)).toBe(1);
  });

  it('goes by host memory in a fleet without any GPU, and where that is what is short', () => {
    const ids = ['a', 'b', 'c'];
    const models = ids.map((id) => aModel(id, { gpuBytes: 0, hostBytes: 4, pinnedCopies: 1 }));
    for (const parts of [{ devices: null, hostMemory: 10 }, { hostMemory: 10 }]) {
      const world = new CoreDriver().declare(...models).serve(aServer('s', [100], parts), ids);
      expect(wantedBy(old(world))).toBe(2);
    }
    const world = new CoreDriver().serve(aServer('s', [], { devices: null, hostMemory: 10 }), ids);
    world.declare(...models);
    expect(scalingOf(world.fleet, new Now(world.now))).toMatchObject({ wantedBytes: 12, capacityBytes: 10 });
  });

  it('takes the smaller one of two for the median', () => {
    const ids = ['a', 'b', 'c'];
    const world = new CoreDriver()
      .declare(...ids.map((id) => aModel(id, { pinnedCopies: 1 })))
      .serve(aServer('s', [10]), ids)
      .serve(aServer('t', [40]), ids);
    expect(wantedBy(old(world))).toBe(2);
  });

  it('tells the load slots, taken and all', () => {
    const world = new CoreDriver().declare(aModel('a')).serve(aServer('s', [10, 10]), ['a']);
    world.resolve('a');
    expect(scalingOf(world.fleet, new Now(world.now))).toMatchObject({
      loadsRunning: 1,
      loadSlots: 2,
      queuedBytes: 4,
    });
  });
});

describe('what the removal of a server costs', () => {
  const pairOf = (): CoreDriver => {
    const world = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 4 }), aModel('b', { gpuBytes: 4 }))
      .serve(aServer('s'), ['a'])
      .serve(aServer('t'), ['b']);
    old(world);
    return world;
  };
  const told = (world: CoreDriver): string[] =>
    scalingAndRemovals(world.fleet, new Now(world.now)).removals.map(
      ({ server, reason }) => `${server} ${reason}`,
    );

  it('is nothing where nothing on it is needed, and its loads where models would have to be loaded elsewhere', () => {
    const world = pairOf();
    expect(told(world)).toEqual(['s unused', 't unused']);
    world.warm('a', 's').loadsTake('a', 7_000);
    expect(told(world)).toEqual(['t unused', 's in_use']);
    expect(scalingAndRemovals(world.fleet, new Now(world.now)).removals[1]).toMatchObject({
      cost: 7_000,
      models: 1,
      bytes: 4,
    });
    world.pass(20_000);
    expect(told(world)).toEqual(['t unused', 's warm']);
    world.now += IDLE;
    expect(told(world)).toEqual(['s unused', 't unused']);
  });

  it('is least where loads are shortest, and pins are told', () => {
    const world = pairOf();
    world.declare(aModel('a', { pinnedCopies: 1 }));
    world.loadEnds('a', 's');
    world.warm('b', 't').loadsTake('a', 7_000).loadsTake('b', 3_000);
    world.pass(20_000);
    expect(told(world)).toEqual(['t warm', 's pinned']);
  });

  it('comes last where what is needed would not fit on the others', () => {
    const world = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 9 }), aModel('b', { gpuBytes: 9 }))
      .serve(aServer('s', [10]), ['a'])
      .serve(aServer('t', [20]), ['b']);
    old(world);
    world.warm('a', 's').warm('b', 't').loadsTake('a', 9_000).loadsTake('b', 1_000);
    world.pass(20_000);
    expect(told(world)).toEqual(['s warm', 't no_room']);
  });

  it('is nothing for a server that is lost, or has drained', () => {
    const world = pairOf();
    world.tell({ kind: 'ContactChanged', server: 's' as never, fact: 'ended' });
    world.tell({ kind: 'DrainOrdered', server: 't' as never, deadline: null });
    world.pass(10_000);
    expect(told(world)).toEqual(['s lost', 't drained']);
  });

  it('is nothing where another copy is enough', () => {
    const world = new CoreDriver()
      .declare(aModel('a', { pinnedCopies: 2 }))
      .serve(aServer('s'), ['a'])
      .serve(aServer('t'), ['a']);
    world.loadEnds('a', 's');
    world.loadEnds('a', 't');
    world.declare(aModel('a'));
    world.pass(20_000);
    expect(scalingAndRemovals(world.fleet, new Now(world.now)).removals.map(({ models }) => models)).toEqual([
      0, 0,
    ]);
  });
});
