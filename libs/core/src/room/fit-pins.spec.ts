import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { fitPins } from './fit-pins.js';
import { unsatisfiedPins } from '../explain/view.js';

const pinned = (id: string, gpuBytes: number, parts: Parameters<typeof aModel>[1] = {}) =>
  aModel(id, { gpuBytes, pinnedCopies: 1, ...parts });

describe('pins fit', () => {
  it('where only another packing than the largest first has room for all', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const driver = new CoreDriver().serve(aServer('t', [9]), names).serve(aServer('u', [9]), names);
    const sizes = [5, 4, 3, 3, 3];
    const models = names.map((name, index) => pinned(name, sizes[index]!));
    expect(fitPins(driver.fleet, models)).toEqual({ fits: true });
    const more = models.map((model) => ({ ...model, gpuBytes: model.gpuBytes + 1 }));
    expect(fitPins(driver.fleet, more).fits).toBe(false);
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
    expect(fitPins(driver.fleet, [models[1]!, models[2]!])).toMatchObject({ unplaced: [{ model: 'r' }] });
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

  it('where the copies of one are enough, and one more is where another needs it', () => {
    const driver = new CoreDriver()
      .declare(aModel('q'))
      .serve(aServer('t', [9, 9]), ['q'])
      .serve(aServer('u', [2, 6]), ['p', 'q']);
    const config = { json: '{}', kind: 'gpu', gpus: [1], count: 1, batch: 1 } as const;
    driver.tell({ kind: 'ConfigLearned', server: aServer('u').id, model: aModel('q').id, config, steps: [] });
    const models = [pinned('p', 1, { dependsOn: [aModel('q').id] }), pinned('q', 4, { pinnedCopies: 2 })];
    expect(fitPins(driver.fleet, models)).toEqual({ fits: true });
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
