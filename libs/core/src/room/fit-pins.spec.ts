import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { fitPins } from './fit-pins.js';
import { unsatisfiedPins } from '../explain/view.js';

const pinned = (id: string, gpuBytes: number, parts: Parameters<typeof aModel>[1] = {}) =>
  aModel(id, { gpuBytes, pinnedCopies: 1, ...parts });

describe('pins fit', () => {
  it('by the largest first, and beside what stands where it is, however that came there', () => {
    const sizes = { a: 4, b: 4, c: 3, d: 3, e: 3, f: 3 };
    const names = Object.keys(sizes);
    const driver = new CoreDriver().serve(aServer('t', [10]), names).serve(aServer('u', [10]), names);
    const models = Object.entries(sizes).map(([name, bytes]) => pinned(name, bytes));
    expect(fitPins(driver.fleet, models)).toMatchObject({ unplaced: [{ model: 'f', inTheWay: null }] });
    driver.declare(...models.map((model) => ({ ...model, pinnedCopies: 0 })));
    for (const name of ['a', 'c']) driver.warm(name, 't');
    expect(fitPins(driver.fleet, models)).toEqual({ fits: true });
  });

  it('only beside the pinned copies where they are, or are to come: the smallest in the way is named', () => {
    const models = [pinned('a', 4), pinned('b', 3), pinned('x', 8)];
    const [a, b] = models;
    const driver = new CoreDriver().declare(a!).serve(aServer('t', [10]), ['a', 'x']);
    driver.loadEnds('a', 't');
    driver.serve(aServer('u', [10]), ['a', 'b', 'x']);
    driver.declare(b!);
    const unplaced = [{ model: 'x', copies: 1, needs: 8, inTheWay: 'b@u' }];
    expect([driver.phase('b', 'u'), fitPins(driver.fleet, models)]).toEqual([
      'loading',
      { fits: false, unplaced },
    ]);
    driver.loadEnds('b', 'u');
    expect(fitPins(driver.fleet, models)).toEqual({ fits: false, unplaced });
    const anew = { ...driver.fleet, replicas: new Map(), holders: new Map() };
    expect(fitPins(anew, models)).toEqual({ fits: true });
  });

  it('beside copies that are to get larger only where they still fit', () => {
    const driver = new CoreDriver()
      .declare(pinned('a', 4), pinned('b', 4))
      .serve(aServer('t', [10]), ['a', 'b']);
    for (const name of ['a', 'b']) driver.loadEnds(name, 't');
    expect(fitPins(driver.fleet, [pinned('a', 6), pinned('b', 4)])).toEqual({ fits: true });
    expect(fitPins(driver.fleet, [pinned('a', 7), pinned('b', 4)])).toMatchObject({
      unplaced: [{ model: 'b', inTheWay: 'a@t' }],
    });
  });

  it('where one is what another needs, and is there with it', () => {
    const driver = new CoreDriver().serve(aServer('t', [8]), ['p', 'q']);
    const models = [pinned('p', 6, { dependsOn: [aModel('q').id] }), pinned('q', 2)];
    expect(fitPins(driver.fleet, models)).toEqual({ fits: true });
  });

  it('where the memory of the host is enough for one model with two copies', () => {
    const driver = new CoreDriver().serve(aServer('t', [8, 8], { hostMemory: 4 }), ['a']);
    const twice = pinned('a', 2, { hostBytes: 4, pinnedCopies: 2, config: '{}' });
    expect(fitPins(driver.fleet, [twice])).toEqual({ fits: true });
    expect(fitPins(driver.fleet, [{ ...twice, pinnedCopies: 3 }]).fits).toBe(false);
  });

  it('where one has a place only beside another that brings it, and a third none beside that', () => {
    const driver = new CoreDriver().serve(aServer('t', [2, 6]), ['p', 'q', 'r']);
    const models = [
      pinned('p', 1, { dependsOn: [aModel('q').id, aModel('r').id] }),
      pinned('q', 4, { config: '{}' }),
      pinned('r', 1, { require: { zone: 'b' } }),
    ];
    expect(fitPins(driver.fleet, models)).toEqual({ fits: true });
    driver.declare(...models);
    for (const name of ['q', 'r', 'p']) driver.loadEnds(name, 't');
    expect(unsatisfiedPins(driver.fleet)).toEqual([]);
    const [, q, r] = models;
    const anew = { ...driver.fleet, replicas: new Map(), holders: new Map() };
    expect(fitPins(anew, [q!, r!])).toMatchObject({ unplaced: [{ model: 'r' }] });
    expect(fitPins(driver.fleet, [q!, r!])).toEqual({ fits: true });
  });

  it('only where the files are of what it needs, or what it needs is and stays', () => {
    const driver = new CoreDriver()
      .declare(aModel('q'))
      .serve(aServer('t'), ['p'])
      .serve(aServer('u'), ['q']);
    const needy = pinned('p', 2, { dependsOn: [aModel('q').id] });
    expect(fitPins(driver.fleet, [needy]).fits).toBe(false);
    driver.serve(aServer('v'), ['p', 'q']);
    expect(fitPins(driver.fleet, [needy])).toEqual({ fits: true });
    expect(fitPins(driver.fleet, [{ ...needy, pinnedCopies: 2 }]).fits).toBe(false);
    driver.shelf('t').set('q', 'READY');
    driver.pass(10_000);
    expect(fitPins(driver.fleet, [{ ...needy, pinnedCopies: 2 }])).toEqual({ fits: true });
  });

  it('only where what it needs may be loaded and has its devices, or is and stays', () => {
    const wide = aModel('q', { deviceSets: [[0, 1]] });
    const driver = new CoreDriver().declare(wide).serve(aServer('t'), ['p', 'q']);
    const needy = pinned('p', 2, { dependsOn: [wide.id] });
    expect(fitPins(driver.fleet, [needy]).fits).toBe(false);
    driver.serve(aServer('u', [8, 8]), ['p', 'q']);
    expect(fitPins(driver.fleet, [needy])).toEqual({ fits: true });
    driver.declare({ ...wide, enabled: false });
    expect(fitPins(driver.fleet, [needy]).fits).toBe(false);
    driver.shelf('t').set('q', 'READY');
    driver.pass(10_000);
    expect(fitPins(driver.fleet, [needy])).toEqual({ fits: true });
  });

  it('only where nothing that it needs is in quarantine, as no pinned model is', () => {
    const driver = new CoreDriver()
      .declare(aModel('q', { gpuBytes: 1, onLimitExceeded: 'quarantine' }))
      .serve(aServer('t'), ['p', 'q'])
      .warm('q', 't');
    driver.shelf('t').memory.set(aModel('q').id, [{ ordinal: 0, bytes: 2 }]);
    const needy = pinned('p', 2, { dependsOn: [aModel('q').id] });
    expect(fitPins(driver.fleet, [needy])).toEqual({ fits: true });
    driver.pass(11_000);
    expect(fitPins(driver.fleet, [needy])).toMatchObject({ unplaced: [{ model: 'p', copies: 1 }] });
    expect(fitPins(driver.fleet, [needy, pinned('q', 1)])).toEqual({ fits: true });
  });

  it('beside the steps of an ensemble that is a stranger', () => {
    const driver = new CoreDriver().declare(aModel('s')).serve(aServer('t'), ['e', 's', 'a']).warm('s', 't');
    driver.tell({ kind: 'StepsRemembered', model: aModel('e').id, steps: [aModel('s').id] });
    expect(fitPins(driver.fleet, [pinned('a', 7)])).toEqual({ fits: true });
    driver.pass(10_000);
    driver.shelf('t').set('e', 'READY');
    driver.pass(10_000);
    expect(fitPins(driver.fleet, [pinned('a', 7)]).fits).toBe(false);
    expect(fitPins(driver.fleet, [pinned('a', 6), pinned('s', 4)])).toEqual({ fits: true });
  });
});

describe('a model with more copies than its pin', () => {
  it('has its older copy where it stands for other pins, and the younger one leaves for them', () => {
    const m = aModel('m', { gpuBytes: 6, pinnedCopies: 2 });
    const driver = new CoreDriver()
      .declare(m)
      .serve(aServer('a', [10]), ['m', 'n'])
      .serve(aServer('b', [10]), ['m', 'n'])
      .serve(aServer('c', [10]), ['m']);
    for (const server of ['a', 'b']) driver.loadEnds('m', server);
    driver.declare({ ...m, pinnedCopies: 1 });
    const n = pinned('n', 5);
    const pins = [{ ...m, pinnedCopies: 1 }, n];
    expect(fitPins(driver.fleet, [pins[0]!, { ...n, pinnedCopies: 2 }])).toMatchObject({
      unplaced: [{ model: 'n', copies: 1, inTheWay: 'm@a' }],
    });
    expect(fitPins(driver.fleet, pins)).toEqual({ fits: true });
    driver.declare(n);
    driver.pass(2_000);
    driver.loadEnds('n', 'b');
    expect([driver.phase('m', 'a'), unsatisfiedPins(driver.fleet)]).toEqual(['ready', []]);
  });
});

describe('pins that were accepted together', () => {
  it('get their places with the largest first, whichever was declared first', () => {
    const driver = new CoreDriver()
      .serve(aServer('t', [10]), ['a', 'b', 'c'])
      .serve(aServer('u', [10]), ['a', 'b', 'c']);
    const sizes = Object.entries({ a: 5, b: 5, c: 10 });
    const pins = sizes.map(([id, gpuBytes]) => aModel(id, { gpuBytes, pinnedCopies: 1 }));
    expect(fitPins(driver.fleet, pins)).toEqual({ fits: true });
    driver.declare(...pins);
    for (const [model, server] of [
      ['c', 't'],
      ['a', 'u'],
      ['b', 'u'],
    ] as const)
      driver.loadEnds(model, server);
    expect(unsatisfiedPins(driver.fleet)).toEqual([]);
  });

  it('get the places by which they were accepted, though others would be fuller by their share', () => {
    const names = ['there', 'a', 'b', 'c'];
    const driver = new CoreDriver()
      .declare(pinned('there', 54))
      .serve(aServer('large', [80]), names)
      .serve(aServer('small', [24]), names);
    driver.loadEnds('there', 'large');
    const pins = [pinned('a', 20), pinned('b', 16), pinned('c', 10)];
    expect(fitPins(driver.fleet, [pinned('there', 54), ...pins])).toEqual({ fits: true });
    driver.declare(...pins);
    for (const { id } of pins)
      for (const server of ['large', 'small']) if (driver.isLoading(id, server)) driver.loadEnds(id, server);
    expect(unsatisfiedPins(driver.fleet)).toEqual([]);
  });
});
