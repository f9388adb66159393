import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { fitPins } from '../room/fit-pins.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import { serverState } from '../explain/view.js';

const learn = (
  driver: CoreDriver,
  model: string,
  server: string,
  gpus: number[],
  steps: string[] = [],
): void => {
  driver.tell({
    kind: 'ConfigLearned',
    server: server as ServerId,
    model: model as ModelId,
    config: { json: '{"backend":"x"}', kind: 'gpu', gpus, count: 1 },
    steps: steps as ModelId[],
  });
};

const heldBy = (driver: CoreDriver, model: string, server: string): string[] =>
  driver.fleet.replicas
    .get(`${model}@${server}` as never)
    ?.bookings.map(({ account, bytes }) => `${account}=${bytes}`) ?? [];

const stateOf = (driver: CoreDriver, server: string): string =>
  serverState(driver.fleet, driver.fleet.servers.get(server as ServerId)!, new Now(driver.now));

describe('on a server with several devices', () => {
  it('a model whose config is not known books all of them and is loaded plainly', () => {
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t', [10, 10]), ['a']);
    driver.resolve('a');
    expect(driver.log).toMatchObject([{ kind: 'load', config: null }]);
    expect(heldBy(driver, 'a', 't')).toEqual(['gpu:t/0=4', 'gpu:t/1=4', 'host:t=0']);
  });

  it('a model that fits one but not all of them needs a config', () => {
    const driver = new CoreDriver().declare(aModel('a', { gpuBytes: 8 })).serve(aServer('t', [10, 4]), ['a']);
    expect(driver.refusalOf(driver.resolve('a'))).toMatchObject({
      reason: 'infeasible',
      detail: 'needs_config',
    });
  });

  it('a declared config lets Berth choose the tightest device that fits', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { config: '{"backend":"x"}' }))
      .serve(aServer('t', [10, 5]), ['a']);
    driver.resolve('a');
    expect(driver.log).toMatchObject([{ kind: 'load', config: { base: '{"backend":"x"}', gpus: [1] } }]);
    expect(heldBy(driver, 'a', 't')).toEqual(['gpu:t/1=4', 'host:t=0']);
  });

  it('a learned config is used from the next load on', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { idleUnload: 1_000 }))
      .serve(aServer('t', [10, 5]), ['a'])
      .warm('a', 't');
    learn(driver, 'a', 't', [0, 1]);
    driver.pass(20_000);
    driver.resolve('a');
    expect(driver.log.at(-1)).toMatchObject({ kind: 'load', config: { base: '{"backend":"x"}', gpus: [1] } });
  });
});

describe('host memory', () => {
  it('is shared by the servers of one host, and makes victims leave like device memory', () => {
    const host = { host: 'node', hostMemory: 10 };
    const driver = new CoreDriver()
      .declare(aModel('a', { hostBytes: 6 }), aModel('b', { hostBytes: 6 }))
      .serve(aServer('t', [10], host), ['a'])
      .serve(aServer('u', [10], host), ['b'])
      .warm('a', 't');
    driver.pass(20_000);
    const request = driver.resolve('b');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t', 'load b@u']);
    driver.loadEnds('b', 'u');
    expect(driver.answerTo(request)).toBe('u');
  });
});

describe('an ensemble', () => {
  const aFleet = (): CoreDriver =>
    new CoreDriver()
      .declare(aModel('e', { gpuBytes: 0, gpuDeclared: false, hostDeclared: false, idleUnload: 60_000 }))
      .declare(aModel('s', { idleUnload: 60_000 }), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('t', [10]), ['e', 's', 'x']);

  it('brings its steps up, and keeps them while it is held', () => {
    const driver = aFleet();
    driver.tell({ kind: 'StepsRemembered', model: 'e' as ModelId, steps: ['s' as ModelId] });
    driver.resolve('e');
    expect(driver.log).toMatchObject([{ kind: 'load', model: 'e', coLoaded: ['s'] }]);
    expect(heldBy(driver, 'e', 't')).toEqual([]);
    expect(heldBy(driver, 's', 't')).toEqual(['gpu:t/0=4', 'host:t=0']);
    driver.loadEnds('e', 't');
    driver.pass(65_000);
    driver.pass(65_000);
    expect(driver.orders()).toEqual(['load e@t', 'unload e@t', 'unload s@t']);
  });

  it('gives its memory to a newcomer only with its steps, the ensemble first', () => {
    const driver = aFleet();
    driver.tell({ kind: 'StepsRemembered', model: 'e' as ModelId, steps: ['s' as ModelId] });
    driver.warm('e', 't');
    driver.pass(20_000);
    driver.resolve('x');
    driver.pass(3_000);
    expect(driver.orders()).toEqual(['load e@t', 'unload e@t', 'unload s@t', 'load x@t']);
  });

  it('waits for a step whose device Berth chooses: its own load would put it on every GPU', () => {
    const driver = new CoreDriver()
      .declare(aModel('e', { gpuBytes: 0, gpuDeclared: false, hostDeclared: false }), aModel('s'))
      .serve(aServer('t', [10, 10]), ['e', 's']);
    learn(driver, 's', 't', [0]);
    driver.tell({ kind: 'StepsRemembered', model: 'e' as ModelId, steps: ['s' as ModelId] });
    driver.resolve('e');
    expect(driver.log).toMatchObject([{ kind: 'load', model: 's', config: { gpus: [0] }, coLoaded: [] }]);
    driver.loadEnds('s', 't');
    expect(driver.log.at(-1)).toMatchObject({ kind: 'load', model: 'e', coLoaded: [] });
  });

  it('of unknown steps books what comes up with it, as ours', () => {
    const driver = aFleet();
    driver.declare(aModel('e', { gpuBytes: 1, idleUnload: 60_000, needsDeclared: false }));
    driver.resolve('e');
    driver.shelf('t').set('s', 'LOADING');
    driver.pass(1_000);
    expect(heldBy(driver, 's', 't')).toEqual(['gpu:t/0=4', 'host:t=0']);
    driver.shelf('t').set('s', 'READY');
    driver.loadEnds('e', 't');
    learn(driver, 'e', 't', [], ['s']);
    driver.pass(130_000);
    expect(driver.orders()).toEqual(['load e@t', 'unload e@t', 'unload s@t']);
  });

  it('waits for a declared dependency that its own load would not bring', () => {
    const driver = new CoreDriver()
      .declare(aModel('p', { dependsOn: ['q' as ModelId] }), aModel('q'))
      .serve(aServer('t', [10]), ['p', 'q']);
    const request = driver.resolve('p');
    expect(driver.orders()).toEqual(['load q@t']);
    driver.loadEnds('q', 't');
    driver.loadEnds('p', 't');
    expect(driver.answerTo(request)).toBe('t');
  });
});

describe('a pin', () => {
  it('of two copies spreads over servers, and over devices where there is one server', () => {
    const two = new CoreDriver()
      .declare(aModel('a', { pinnedCopies: 2 }))
      .serve(aServer('t', [10]), ['a'])
      .serve(aServer('u', [10]), ['a']);
    expect(two.orders()).toEqual(['load a@t', 'load a@u']);
    const one = new CoreDriver()
      .declare(aModel('a', { pinnedCopies: 2, config: '{}', gpuBytes: 4 }))
      .serve(aServer('t', [10, 10]), ['a']);
    expect(one.log).toMatchObject([{ kind: 'load', config: { gpus: [0, 1] } }]);
    one.loadEnds('a', 't');
    expect(heldBy(one, 'a', 't')).toEqual(['gpu:t/0=4', 'gpu:t/1=4', 'host:t=0']);
  });

  it('fits where a place for every copy exists, and says what does not', () => {
    const driver = new CoreDriver()
      .serve(aServer('t', [10]), ['a', 'b'])
      .serve(aServer('u', [6]), ['a', 'b']);
    const a = aModel('a', { gpuBytes: 6, pinnedCopies: 2 });
    expect(fitPins(driver.fleet, [a])).toEqual({ fits: true });
    expect(fitPins(driver.fleet, [a, aModel('b', { gpuBytes: 5, pinnedCopies: 1 })])).toEqual({
      fits: false,
      unplaced: [{ model: 'b', copies: 1, needs: 5, inTheWay: null }],
    });
  });
});

describe('whether a pin is kept', () => {
  it('counts a copy that is a stranger', () => {
    const driver = new CoreDriver().declare(aModel('a', { gpuBytes: 6 })).serve(aServer('t', [10]), ['a']);
    driver.shelf('t').set('a', 'READY');
    driver.pass(10_000);
    expect(fitPins(driver.fleet, [aModel('a', { gpuBytes: 6, pinnedCopies: 1 })])).toEqual({ fits: true });
    expect(fitPins(driver.fleet, [aModel('a', { gpuBytes: 6, pinnedCopies: 2 })])).toMatchObject({
      unplaced: [{ copies: 1 }],
    });
  });

  it('is judged on declared devices also where their server was never seen', () => {
    const driver = new CoreDriver();
    driver.tell({ kind: 'ServerDeclared', server: aServer('t', [10]) });
    expect(fitPins(driver.fleet, [aModel('a', { pinnedCopies: 1 })])).toEqual({ fits: true });
    expect(fitPins(driver.fleet, [aModel('a', { pinnedCopies: 1, gpuBytes: 11 })]).fits).toBe(false);
  });

  it('takes a KIND_CPU model beside two GPUs for one copy', () => {
    const driver = new CoreDriver()
      .declare(aModel('a'))
      .serve(aServer('t', [10, 10]), ['a'])
      .serve(aServer('u', [10, 10]), ['a'])
      .warm('a', 't');
    driver.tell({
      kind: 'ConfigLearned',
      server: 't' as ServerId,
      model: 'a' as ModelId,
      config: { json: '{}', kind: 'cpu', gpus: [], count: 1 },
      steps: [],
    });
    driver.declare(aModel('a', { pinnedCopies: 2 }));
    expect(driver.orders()).toEqual(['load a@t', 'load a@u']);
  });
});

describe('a server that is drained', () => {
  const aFleet = (): CoreDriver =>
    new CoreDriver()
      .declare(aModel('a'))
      .serve(aServer('t', [10]), ['a'])
      .serve(aServer('u', [10]), ['a'])
      .warm('a', 't');

  it('loads elsewhere first, and then lets go', () => {
    const driver = aFleet();
    driver.tell({ kind: 'DrainOrdered', server: 't' as ServerId, deadline: null });
    expect(driver.orders()).toEqual(['load a@t', 'load a@u']);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.loadEnds('a', 'u');
    driver.pass(12_000);
    expect(driver.orders()).toEqual(['load a@t', 'load a@u', 'unload a@t']);
    expect(stateOf(driver, 't')).toBe('drained');
    expect(driver.answerTo(driver.resolve('a'))).toBe('u');
  });

  it('lets go at its deadline even where there is no other place', () => {
    const driver = aFleet();
    driver.tell({ kind: 'ServerWithdrawn', server: 'u' as ServerId });
    driver.tell({ kind: 'DrainOrdered', server: 't' as ServerId, deadline: driver.now + 30_000 });
    driver.pass(29_000);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(8_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('keeps the copy elsewhere of what it may not let go itself, whatever else wants that memory', () => {
    const driver = new CoreDriver()
      .declare(aModel('a'), aModel('b', { gpuBytes: 8 }))
      .serve(aServer('t', [10]), ['a'])
      .serve(aServer('u', [10]), ['a', 'b']);
    driver.shelf('t').set('a', 'READY');
    driver.pass(10_000);
    driver.tell({ kind: 'DrainOrdered', server: 't' as ServerId, deadline: null });
    driver.loadEnds('a', 'u');
    driver.resolve('b');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load a@u']);
  });
});

describe('two newcomers', () => {
  it('do not get the same memory', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 10 }), aModel('b', { gpuBytes: 10 }), aModel('c', { gpuBytes: 10 }))
      .serve(aServer('t', [10]), ['a', 'b', 'c'])
      .warm('a', 't');
    driver.pass(20_000);
    const first = driver.resolve('b');
    const second = driver.resolve('c');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t', 'load b@t']);
    driver.loadEnds('b', 't');
    expect(driver.answerTo(first)).toBe('t');
    driver.pass(12_000);
    driver.loadEnds('c', 't');
    expect(driver.answerTo(second)).toBe('t');
  });

  it('that starve may make replicas in use leave, after their leases', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 10 }), aModel('b', { gpuBytes: 10 }))
      .serve(aServer('t', [10]), ['a', 'b'])
      .warm('a', 't');
    const request = driver.resolve('b');
    for (let second = 0; second < 45; second += 5) {
      driver.resolve('a');
      driver.pass(5_000);
    }
    expect(driver.orders()).toContain('unload a@t');
    driver.loadEnds('b', 't');
    expect(driver.answerTo(request)).toBe('t');
  });
});
