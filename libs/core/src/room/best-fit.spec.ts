import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Model, ServerId } from '../index.js';

const M = aModel('m', { hostBytes: 1 });
const ON_CPU = { json: '{}', kind: 'cpu', gpus: [], count: 1 } as const;

/** A server without any GPU, whose memory a small model fits best, beside one with a GPU. */
function mixed(model: Model = M): CoreDriver {
  return new CoreDriver()
    .declare(model, aModel('other', { gpuBytes: 8 }))
    .serve(aServer('cpu', [], { devices: null, hostMemory: 1 }), ['m'])
    .serve(aServer('gpu', [10]), ['m', 'other']);
}

describe('the best fit of two devices', () => {
  it('is where a load could begin at once, though the other gap is smaller', () => {
    const driver = new CoreDriver();
    const models = ['busy', 'm'];
    driver.declare(...models.map((id) => aModel(id, { gpuBytes: 3, config: '{}' })));
    driver.serve(aServer('s', [7]), models).serve(aServer('t', [9]), models);
    driver.resolve('busy');
    driver.resolve('m');
    expect(driver.orders()).toEqual(['load busy@s', 'load m@t']);
  });
});

describe('the best fit of one whose slot is free and one whose memory is', () => {
  it('is where memory is free today', () => {
    const driver = new CoreDriver();
    const models = ['kept', 'busy', 'm'];
    driver.declare(...models.map((id) => aModel(id, { gpuBytes: 3, config: '{}' })));
    driver.serve(aServer('s', [3]), models).warm('kept', 's');
    driver.resolve('kept', { lease: 600_000 });
    driver.serve(aServer('t', [9]), models);
    driver.resolve('busy');
    driver.tell({ kind: 'UnloadOrdered', model: aModel('kept').id, force: false });
    driver.resolve('m');
    expect(driver.phase('kept', 's')).toBe('draining');
    expect([driver.phase('busy', 't'), driver.fleet.line.get(aModel('m').id)?.server]).toEqual([
      'loading',
      't',
    ]);
  });
});

describe('the best fit in a fleet in which some servers have no GPU', () => {
  it('is on a GPU for what needs one', () => {
    const driver = mixed();
    driver.resolve('m');
    expect(driver.orders()).toEqual(['load m@gpu']);
    const byDefault = mixed({ ...M, gpuDeclared: false, hostDeclared: false });
    byDefault.resolve('m');
    expect(byDefault.orders()).toEqual(['load m@gpu']);
  });

  it('is without one where none has room, before any copy leaves for it', () => {
    const driver = mixed().warm('other', 'gpu');
    driver.pass(60_000);
    driver.resolve('m');
    expect(driver.orders()).toEqual(['load other@gpu', 'load m@cpu']);
  });

  it('is anywhere for what needs none', () => {
    const driver = mixed({ ...M, gpuBytes: 0 });
    driver.resolve('m');
    expect(driver.orders()).toEqual(['load m@cpu']);
    const onCpu = mixed();
    onCpu.tell({ kind: 'ConfigLearned', server: 'gpu' as ServerId, model: M.id, config: ON_CPU, steps: [] });
    onCpu.resolve('m');
    expect(onCpu.orders()).toEqual(['load m@cpu']);
  });
});
