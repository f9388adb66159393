import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, ReplicaId } from '../fleet/ids.js';
import type { Model } from '../fleet/model.js';
import type { Ready } from '../fleet/replica.js';
import { idleUnloadAt } from './idle.js';

const LONG = 3_600_000;

const warm = (parts: Partial<Model>): CoreDriver =>
  new CoreDriver()
    .declare(aModel('a', { gpuBytes: 6, ...parts }), aModel('x', { gpuBytes: 6 }))
    .serve(aServer('t', [10]), ['a', 'x'])
    .warm('a', 't');

describe('an idle replica', () => {
  it('stays for ever where no time was set', () => {
    const driver = warm({ idleUnload: null });
    driver.pass(LONG);
    expect(driver.phase('a', 't')).toBe('ready');
  });

  it('that is pinned has no time at which it leaves', () => {
    const driver = warm({ idleUnload: 60_000, pinnedCopies: 1 });
    driver.pass(LONG);
    const replica = driver.fleet.replicas.get('a@t' as ReplicaId) as Ready;
    expect([replica.phase, idleUnloadAt(driver.fleet, replica)]).toEqual(['ready', null]);
    driver.declare(aModel('a', { gpuBytes: 6, idleUnload: 60_000 }));
    driver.pass(2_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('of a soft model stays until its memory is wanted', () => {
    const driver = warm({ idleMode: 'soft', idleUnload: 60_000 });
    driver.pass(LONG);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.resolve('x');
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t', 'load x@t']);
  });

  it('is not unloaded while Triton has requests queued for it', () => {
    const driver = warm({ idleUnload: 60_000 });
    driver.shelf('t').pending.set('a' as ModelId, 1);
    driver.pass(LONG);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.shelf('t').pending.clear();
    driver.pass(70_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('has its use read once more in that moment, and leaves at once where there was none', () => {
    const driver = warm({ idleUnload: 60_500 });
    driver.pass(60_499);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(1);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('keeps its routes while something else that is used needs it', () => {
    const driver = new CoreDriver()
      .declare(aModel('q', { idleUnload: 60_000 }))
      .declare(aModel('p', { idleUnload: 60_000, dependsOn: ['q' as ModelId] }))
      .serve(aServer('t', [10]), ['p', 'q']);
    driver.resolve('p');
    driver.loadEnds('q', 't');
    driver.loadEnds('p', 't');
    driver.pass(50_000);
    driver.resolve('p');
    driver.pass(30_000);
    expect(driver.phase('q', 't')).toBe('ready');
  });
});

describe('a stranger that is to be retired', () => {
  it('stays for its minimum residency', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { minResidency: 60_000 }))
      .serve(aServer('t', [10], { strangers: 'retire' }), ['a']);
    driver.shelf('t').set('a', 'READY');
    driver.pass(65_000);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(10_000);
    expect(driver.orders()).toEqual(['unload a@t']);
  });

  it('stays while a lease on it lasts', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { minResidency: 1_000 }))
      .serve(aServer('t', [10], { strangers: 'retire' }), ['a']);
    driver.shelf('t').set('a', 'READY');
    driver.pass(10_500);
    driver.resolve('a', { lease: 60_000 });
    driver.pass(50_000);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(20_000);
    expect(driver.orders()).toEqual(['unload a@t']);
  });
});
