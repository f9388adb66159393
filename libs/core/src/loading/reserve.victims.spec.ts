import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

describe('of replicas used at the same moment', () => {
  it('one goes alone before one that something else needs', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('q', { gpuBytes: 4 }),
        aModel('p', { gpuBytes: 4, dependsOn: [aModel('q').id] }),
        aModel('x', { gpuBytes: 4 }),
      )
      .serve(aServer('t', [8], { strangers: 'adopt' }), ['q', 'p', 'x']);
    driver.shelf('t').set('q', 'READY');
    driver.shelf('t').set('p', 'READY');
    driver.pass(60_000);
    driver.resolve('x');
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['unload p@t', 'load x@t']);
  });
});

describe('what a newcomer needs', () => {
  it('may leave one server to come with it on another', () => {
    const host = { host: 'node', hostMemory: 6 };
    const driver = new CoreDriver()
      .declare(
        aModel('q', { gpuBytes: 4, hostBytes: 4 }),
        aModel('p', { gpuBytes: 4, hostBytes: 2, dependsOn: [aModel('q').id] }),
      )
      .serve(aServer('t', [4], host), ['q', 'p'])
      .warm('q', 't');
    driver.serve(aServer('u', [8], host), ['q', 'p']);
    driver.pass(60_000);
    driver.resolve('p');
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load q@t', 'unload q@t', 'load q@u']);
  });

  it('stays where it is to be used', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('q', { gpuBytes: 4 }),
        aModel('r', { gpuBytes: 4 }),
        aModel('p', { gpuBytes: 4, dependsOn: [aModel('q').id] }),
      )
      .serve(aServer('t', [8]), ['q', 'r', 'p'])
      .warm('q', 't')
      .warm('r', 't');
    driver.pass(60_000);
    driver.resolve('p');
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load q@t', 'load r@t', 'unload r@t', 'load p@t']);
  });
});

describe('the copy that a pin can spare', () => {
  it('leaves with what it needs', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('q', { gpuBytes: 4 }),
        aModel('p', { gpuBytes: 4, dependsOn: [aModel('q').id], pinnedCopies: 2 }),
        aModel('x', { gpuBytes: 8 }),
      )
      .serve(aServer('t', [8]), ['q', 'p'])
      .serve(aServer('u', [8]), ['q', 'p', 'x']);
    for (const model of ['q', 'p']) for (const server of ['t', 'u']) driver.loadEnds(model, server);
    driver.declare(aModel('p', { gpuBytes: 4, dependsOn: [aModel('q').id], pinnedCopies: 1 }));
    driver.pass(60_000);
    driver.resolve('x');
    driver.pass(5_000);
    expect(driver.orders().slice(4)).toEqual(['unload p@u', 'unload q@u', 'load x@u']);
  });
});

describe('two copies of which one is pinned', () => {
  it('do not both go for one newcomer, and so neither does', () => {
    const host = { host: 'node', hostMemory: 8 };
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 1, hostBytes: 4, pinnedCopies: 2 }))
      .declare(aModel('x', { gpuBytes: 1, hostBytes: 8 }))
      .serve(aServer('t', [8], host), ['a', 'x'])
      .serve(aServer('u', [8], host), ['a', 'x']);
    driver.loadEnds('a', 't');
    driver.loadEnds('a', 'u');
    driver.declare(aModel('a', { gpuBytes: 1, hostBytes: 4, pinnedCopies: 1 }));
    driver.pass(60_000);
    driver.resolve('x');
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@t', 'load a@u']);
  });

  it.each([
    { room: 'on the host, too', hostBytes: 4, unloads: ['unload a@u'] },
    { room: 'on the device alone', hostBytes: 0, unloads: ['unload a@u', 'unload b@t'] },
  ])('make room by the younger one, whichever was used before: $room', ({ hostBytes, unloads }) => {
    const host = { host: 'node', hostMemory: 4 + 2 * hostBytes };
    const a = aModel('a', { gpuBytes: 8, hostBytes });
    const driver = new CoreDriver()
      .declare({ ...a, pinnedCopies: 2 }, aModel('b', { gpuBytes: 0, hostBytes: 4 }))
      .declare(aModel('x', { gpuBytes: 8, hostBytes: 4 }))
      .serve(aServer('t', [8], host), ['a', 'b'])
      .serve(aServer('u', [8], host), ['a', 'x']);
    for (const server of ['u', 't']) {
      driver.loadEnds('a', server);
      driver.pass(1_000);
    }
    driver.warm('b', 't').declare({ ...a, pinnedCopies: 1 });
    driver.pass(60_000);
    driver.resolve('x');
    driver.pass(5_000);
    expect(driver.orders().slice(3)).toEqual([...unloads, 'load x@u']);
  });
});

describe('of two places that could be freed', () => {
  it.each([
    { order: ['a', 'b'], freed: 'unload b@u' },
    { order: ['b', 'a'], freed: 'unload a@t' },
  ])('the one is taken that was not used for longer: $freed', ({ order, freed }) => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 8 }), aModel('b', { gpuBytes: 8 }), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('t', [10]), ['a', 'x'])
      .serve(aServer('u', [10]), ['b', 'x'])
      .warm('a', 't')
      .warm('b', 'u');
    driver.pass(20_000);
    for (const model of order.toReversed()) {
      driver.pass(1_000);
      driver.resolve(model);
    }
    driver.pass(20_000);
    driver.resolve('x');
    driver.pass(5_000);
    expect(driver.orders()[2]).toBe(freed);
  });
});

describe('a model that stays warm elsewhere', () => {
  it('loses its copy before one of the same class that would be cold, though it was used later', () => {
    const spare = aModel('spare', { gpuBytes: 4 });
    const driver = new CoreDriver()
      .declare({ ...spare, pinnedCopies: 2 }, aModel('only', { gpuBytes: 4 }), aModel('x', { gpuBytes: 4 }))
      .serve(aServer('t', [8]), ['spare', 'only', 'x'])
      .serve(aServer('u', [4]), ['spare']);
    for (const server of ['t', 'u']) driver.loadEnds('spare', server);
    driver.declare(spare).warm('only', 't').pass(60_000);
    driver.resolve('spare');
    driver.resolve('spare');
    driver.pass(60_000);
    driver.resolve('x');
    driver.pass(5_000);
    expect(driver.orders().slice(3)).toEqual(['unload spare@t', 'load x@t']);
  });
});

describe('a set of victims', () => {
  /** Makes each of them ready in turn, a while after the one before. */
  function warmInTurn(driver: CoreDriver, ...copies: (readonly [model: string, server: string])[]): void {
    for (const [model, server] of copies) {
      driver.warm(model, server);
      driver.pass(1_000);
    }
    driver.pass(20_000);
  }

  const unloadsFor = (driver: CoreDriver, newcomer: string): string[] => {
    driver.resolve(newcomer);
    driver.pass(5_000);
    return driver.orders().filter((order) => order.startsWith('unload'));
  };

  it('spares those that it turns out not to need', () => {
    const driver = new CoreDriver()
      .declare(aModel('small', { gpuBytes: 2 }), aModel('large', { gpuBytes: 6 }))
      .declare(aModel('x', { gpuBytes: 6 }))
      .serve(aServer('t', [8]), ['small', 'large', 'x']);
    warmInTurn(driver, ['small', 't'], ['large', 't']);
    expect(unloadsFor(driver, 'x')).toEqual(['unload large@t']);
  });

  it('is taken where the last use of all of them is longest ago', () => {
    const driver = new CoreDriver()
      .declare(...['a', 'b', 'c', 'd'].map((name) => aModel(name)), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('t', [8]), ['a', 'b', 'x'])
      .serve(aServer('u', [8]), ['c', 'd', 'x']);
    warmInTurn(driver, ['a', 't'], ['c', 'u'], ['d', 'u'], ['b', 't']);
    expect(unloadsFor(driver, 'x')).toEqual(['unload c@u', 'unload d@u']);
  });

  it('is the smaller one of two that were used at the same moment', () => {
    const strangers = 'adopt';
    const driver = new CoreDriver()
      .declare(aModel('a'), aModel('b'), aModel('c', { gpuBytes: 8 }), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('t', [8], { strangers }), ['a', 'b', 'x'])
      .serve(aServer('u', [8], { strangers }), ['c', 'x']);
    for (const model of ['a', 'b']) driver.shelf('t').set(model, 'READY');
    driver.shelf('u').set('c', 'READY');
    driver.pass(60_000);
    expect(unloadsFor(driver, 'x')).toEqual(['unload c@u']);
  });

  it('is counted with all that needs what leaves', () => {
    const driver = new CoreDriver()
      .declare(aModel('q', { gpuBytes: 8 }), aModel('p', { gpuBytes: 0, dependsOn: [aModel('q').id] }))
      .declare(aModel('c', { gpuBytes: 8 }), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('t', [8], { strangers: 'adopt' }), ['q', 'p', 'x'])
      .serve(aServer('u', [8], { strangers: 'adopt' }), ['c', 'x']);
    for (const model of ['q', 'p']) driver.shelf('t').set(model, 'READY');
    driver.shelf('u').set('c', 'READY');
    driver.pass(60_000);
    expect(unloadsFor(driver, 'x')).toEqual(['unload c@u']);
  });

  it('is kept for what is promised, where something comes later that needs one of them', () => {
    const q = aModel('q', { gpuBytes: 8 });
    const needsQ = { gpuBytes: 0, dependsOn: [q.id] };
    const driver = new CoreDriver()
      .declare(q, aModel('p', needsQ), aModel('e', needsQ), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('t', [8]), ['q', 'p', 'e', 'x']);
    warmInTurn(driver, ['q', 't'], ['p', 't']);
    driver.looksEnd = false;
    driver.resolve('x');
    driver.resolve('e');
    driver.looksEnd = true;
    const look = driver.shelf('t').look(driver.now, 'statistics', false);
    driver.tell({ kind: 'Looked', server: aServer('t').id, look });
    expect(driver.orders()).toEqual(['load q@t', 'load p@t', 'unload p@t', 'unload q@t']);
    expect(driver.phase('e', 't')).toBeUndefined();
  });

  it('is of those worth least for their bytes, whichever memory they hold', () => {
    const driver = new CoreDriver()
      .declare(aModel('device', { gpuBytes: 8 }), aModel('host', { gpuBytes: 0, hostBytes: 4 }))
      .declare(aModel('both', { gpuBytes: 8, hostBytes: 4 }), aModel('x', { gpuBytes: 8, hostBytes: 4 }))
      .serve(aServer('t', [16], { hostMemory: 8 }), ['device', 'host', 'both', 'x']);
    warmInTurn(driver, ['device', 't'], ['host', 't'], ['both', 't']);
    for (let more = 0; more < 4; more += 1) driver.resolve('both', { lease: 0 });
    expect(unloadsFor(driver, 'x')).toEqual(['unload device@t', 'unload host@t']);
  });
});
