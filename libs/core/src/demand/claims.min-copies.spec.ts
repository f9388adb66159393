import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Model, ModelId } from '../index.js';
import { isGuaranteed, isPinProtected } from '../memory/pins.js';

const LONG = 400_000;
const WARM = aModel('a', { gpuBytes: 6, minCopies: 1, idleUnload: 60_000 });

/** A model that is kept warm and loaded, on a GPU that has no room for another beside it. */
function aDriver(parts: Partial<Model> = {}, other: Partial<Model> = {}): CoreDriver {
  const driver = new CoreDriver()
    .declare({ ...WARM, ...parts }, aModel('x', { gpuBytes: 6, ...other }))
    .serve(aServer('t'), ['a', 'x']);
  driver.loadEnds('a', 't');
  return driver;
}

describe('a model that is kept warm', () => {
  it('is loaded without any request, and never retired for being idle', () => {
    const driver = aDriver();
    driver.pass(LONG);
    expect(driver.orders()).toEqual(['load a@t']);
    const [replica] = driver.fleet.replicas.values();
    expect([isGuaranteed(driver.fleet, replica!), isPinProtected(driver.fleet, replica!)]).toEqual([
      true,
      false,
    ]);
  });

  it('has as many copies as are to be warm', () => {
    const driver = new CoreDriver()
      .declare({ ...WARM, minCopies: 2 })
      .serve(aServer('t'), ['a'])
      .serve(aServer('u'), ['a']);
    driver.loadEnds('a', 't');
    driver.loadEnds('a', 'u');
    driver.pass(LONG);
    driver.declare(WARM);
    driver.pass(LONG);
    expect(driver.orders()).toEqual(['load a@t', 'load a@u', 'unload a@t']);
  });

  it('is not loaded while it is disabled', () => {
    const driver = new CoreDriver().declare({ ...WARM, enabled: false }).serve(aServer('t'), ['a']);
    driver.pass(LONG);
    expect(driver.orders()).toEqual([]);
  });

  it('stays however long a newcomer of its own class waits, and that one is told so', () => {
    const driver = aDriver();
    driver.pass(LONG);
    const request = driver.resolve('x', { wait: LONG });
    driver.pass(LONG);
    expect([driver.orders(), driver.answerTo(request)]).toEqual([['load a@t'], 'no_capacity']);
  });

  it('gives way to a newcomer of a higher class, and comes back when that is idle', () => {
    const driver = aDriver({}, { class: 'critical', idleUnload: 60_000 });
    driver.pass(LONG);
    driver.tell({ kind: 'LoadOrdered', model: 'x' as ModelId, until: driver.now + LONG });
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t', 'load x@t']);
    driver.loadEnds('x', 't');
    driver.pass(LONG);
    expect(driver.orders().slice(3)).toEqual(['unload x@t', 'load a@t']);
  });

  it('gives way to a pin of any class', () => {
    const driver = aDriver({ class: 'critical' });
    driver.pass(LONG);
    driver.declare(aModel('x', { gpuBytes: 6, class: 'sheddable', pinnedCopies: 1 }));
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t', 'load x@t']);
  });

  it('takes the room of what is idle and of its own class, and not of what is kept warm too', () => {
    const driver = new CoreDriver()
      .declare(aModel('x', { gpuBytes: 6 }), aModel('y', { gpuBytes: 6 }))
      .serve(aServer('t'), ['x', 'y', 'a'])
      .warm('x', 't');
    driver.pass(20_000);
    driver.declare(WARM);
    driver.pass(5_000);
    driver.loadEnds('a', 't');
    driver.declare(aModel('y', { gpuBytes: 6, minCopies: 1 }));
    driver.pass(LONG);
    expect(driver.orders()).toEqual(['load x@t', 'unload x@t', 'load a@t']);
  });

  it('is unloaded by an order, and comes back', () => {
    const driver = aDriver();
    driver.pass(LONG);
    driver.tell({ kind: 'UnloadOrdered', model: 'a' as ModelId, force: false });
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t', 'load a@t']);
  });

  it('is loaded elsewhere before its server is drained of it', () => {
    const driver = aDriver();
    driver.pass(LONG);
    driver.tell({ kind: 'DrainOrdered', server: aServer('t').id, deadline: null });
    driver.pass(LONG);
    expect(driver.orders()).toEqual(['load a@t']);
    driver.serve(aServer('u'), ['a']);
    driver.loadEnds('a', 'u');
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@t', 'load a@u', 'unload a@t']);
  });
});
