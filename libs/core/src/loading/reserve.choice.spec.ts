import { describe, expect, it } from '@jest/globals';
import { aPendingModel as aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

/** Servers without any room left, each with strangers of these sizes, loaded at one and the same moment. */
function full(...servers: readonly (readonly number[])[]): CoreDriver {
  const driver = new CoreDriver();
  for (const [at, sizes] of servers.entries()) {
    const [server, names] = [`s${at}`, sizes.map((_, nth) => `m${at}${nth}`)];
    driver.declare(...names.map((name, nth) => aModel(name, { gpuBytes: sizes[nth]! })));
    const whole = sizes.reduce((sum, size) => sum + size, 0);
    driver.serve(aServer(server, [whole], { strangers: 'adopt' }), [...names, 'x']);
    for (const name of names) driver.shelf(server).set(name, 'READY');
  }
  driver.tell({ kind: 'ServersDoubted', servers: servers.map((_, at) => aServer(`s${at}`).id) });
  driver.pass(60_000);
  return driver;
}

const unloadsFor = (driver: CoreDriver, gpuBytes: number): string[] => {
  driver.declare(aModel('x', { gpuBytes }));
  driver.resolve('x');
  driver.pass(5_000);
  return driver.orders().filter((order) => order.startsWith('unload'));
};

describe('where all were used at the same moment', () => {
  it('the smaller one leaves of two of which one is enough', () => {
    expect(unloadsFor(full([8], [6]), 4)).toEqual(['unload m10@s1']);
  });

  it('two leave before three, though these may be smaller', () => {
    expect(unloadsFor(full([5, 4], [3, 3, 3]), 8)).toEqual(['unload m00@s0', 'unload m01@s0']);
    expect(unloadsFor(full([3, 3, 3], [5, 4]), 8)).toEqual(['unload m10@s1', 'unload m11@s1']);
  });

  it('they leave the first place of two that are alike', () => {
    expect(unloadsFor(full([8], [8]), 8)).toEqual(['unload m00@s0']);
  });

  it('one leaves that is enough alone before two smaller ones of its device', () => {
    expect(unloadsFor(full([3, 3, 6]), 6)).toEqual(['unload m02@s0']);
  });

  it('the smallest leaves of those that are enough alone on a device', () => {
    expect(unloadsFor(full([8, 6, 3]), 5)).toEqual(['unload m01@s0']);
  });

  it('none leaves beside two that are enough', () => {
    expect(unloadsFor(full([2, 3, 3]), 6)).toEqual(['unload m01@s0', 'unload m02@s0']);
  });
});

describe('of three places', () => {
  it('that is freed which was not used for longest, wherever it stands', () => {
    const driver = full([8], [8], [8]);
    for (const model of ['m20', 'm00', 'm10']) {
      driver.resolve(model);
      driver.pass(1_000);
    }
    driver.pass(20_000);
    expect(unloadsFor(driver, 8)).toEqual(['unload m20@s2']);
  });
});

describe('where the eviction budget lets the least valuable copy leave too late for a promise', () => {
  it('the least valuable of those leaves that are in time', () => {
    const driver = full([4, 4], [4], [4]);
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerDevicePerMinute: 1 };
    driver.declare(aModel('y')).loadsTake('y', 8_000);
    for (const server of ['s0', 's1', 's2']) driver.shelf(server).set('y', '');
    expect(unloadsFor(driver, 4)).toEqual(['unload m00@s0']);
    driver.loadEnds('x', 's0');
    for (const model of ['m10', 'm10', 'm20']) driver.resolve(model, { lease: 0 });
    driver.pass(10_000);
    driver.resolve('y', { wait: 15_000, class: 'critical' });
    driver.pass(2_000);
    expect(driver.orders().slice(2)).toEqual(['unload m20@s2', 'load y@s2']);
  });
});

describe('a pin, which the eviction budget does not bind', () => {
  it('makes leave what is worth least, also on a device whose budget is spent', () => {
    const driver = full([4, 4], [4]);
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerDevicePerMinute: 1 };
    expect(unloadsFor(driver, 4)).toEqual(['unload m00@s0']);
    driver.loadEnds('x', 's0');
    driver.resolve('m10', { lease: 0 });
    for (const server of ['s0', 's1']) driver.shelf(server).set('y', '');
    driver.pass(30_000);
    driver.declare(aModel('y', { pinnedCopies: 1 })).pass(10_000);
    expect(driver.orders().slice(2)).toEqual(['unload m01@s0', 'load y@s0']);
  });
});

/** Two servers: what is worth least is on the second, where a load of `x` makes another one wait. */
function busyOrDear(): CoreDriver {
  const driver = full([4], [4, 4]);
  driver.declare(aModel('x', { gpuBytes: 4 }), aModel('y', { gpuBytes: 4 }));
  for (const at of [0, 1]) driver.shelf(`s${at}`).set('y', '');
  driver.tell({ kind: 'ServersDoubted', servers: [0, 1].map((at) => aServer(`s${at}`).id) });
  for (const model of ['m10', 'm11', 'm00']) {
    driver.resolve(model, { lease: 0 });
    driver.pass(1_000);
  }
  driver.pass(120_000);
  return driver;
}

describe('where the least valuable copy is on a server whose slot is taken', () => {
  /** `x` loads on the second server; the load of `y` takes as long as told. */
  function withLoading(took: number | null): CoreDriver {
    const driver = busyOrDear();
    if (took !== null) for (const model of ['x', 'y']) driver.loadsTake(model, took);
    driver.resolve('x');
    driver.pass(2_000);
    expect(driver.orders()).toEqual(['unload m10@s1', 'load x@s1']);
    return driver;
  }

  it('one that is worth more leaves, where that costs less than to wait for the slot', () => {
    const driver = withLoading(10_000);
    driver.resolve('y', { wait: 30_000 });
    driver.pass(2_000);
    expect(driver.orders().slice(2)).toEqual(['unload m00@s0', 'load y@s0']);
  });

  it('it leaves for a promise that can wait for the slot, where that costs less', () => {
    const driver = withLoading(10_000);
    driver.fleet.requestRates.set(aModel('m00').id, { sum: 9, at: driver.now });
    driver.resolve('y', { wait: 30_000 });
    driver.pass(7_000);
    expect(driver.phase('m11', 's1')).toBe('ready');
    driver.loadEnds('x', 's1');
    expect([driver.phase('m11', 's1'), driver.phase('m00', 's0')]).toEqual(['draining', 'ready']);
  });

  it('one that is worth more leaves for a promise that is in time only there', () => {
    const driver = withLoading(10_000).unloadsTake('s0', 1_000);
    driver.fleet.requestRates.set(aModel('m00').id, { sum: 9, at: driver.now });
    const request = driver.resolve('y', { wait: 15_000 });
    driver.pass(2_000);
    expect(driver.answerTo(request)).toBe('waiting');
    expect(driver.orders().slice(2)).toEqual(['unload m00@s0', 'load y@s0']);
  });

  it('one that is worth more leaves where nothing can be promised: the first free slot is taken', () => {
    const driver = withLoading(null);
    driver.resolve('y');
    driver.pass(2_000);
    expect(driver.orders().slice(2)).toEqual(['unload m00@s0', 'load y@s0']);
  });

  it.each([
    { use: 'idle', lease: 0, lead: 5_000 },
    { use: 'in use', lease: 40_000, lead: 45_000 },
  ])('no copy leaves for a slot that is free only later, before it has to: one that is $use', (one) => {
    const { lease, lead } = one;
    const driver = withLoading(60_000).unloadsTake('s1', 5_000);
    // While its config is unknown nothing is unloaded beside it.
    driver.declare(aModel('x', { gpuBytes: 4, config: '{}' }));
    driver.tell({ kind: 'ServerWithdrawn', server: aServer('s0').id });
    driver.fleet.usualLeases.delete(aModel('m11').id);
    driver.resolve('m11', { lease });
    driver.resolve('y', { wait: 200_000 });
    const { startsAt, placeAt } = driver.fleet.line.get(aModel('y').id)!;
    expect([Math.round(startsAt - placeAt), startsAt > driver.now + 50_000]).toEqual([lead, true]);
    driver.pass(placeAt - driver.now - 1_000);
    expect([driver.phase('m11', 's1'), driver.phase('y', 's1')]).toEqual(['ready', undefined]);
    driver.pass(2_000);
    expect([driver.phase('x', 's1'), driver.phase('y', 's1')]).toEqual(['loading', 'placed']);
  });
});

describe('where a server takes too long for the promise', () => {
  it('goes to another with room, though it fits less well there, and nothing leaves', () => {
    const driver = new CoreDriver()
      .declare(aModel('old', { gpuBytes: 4 }), aModel('x', { gpuBytes: 4 }))
      .serve(aServer('slow', [4]), ['x'])
      .serve(aServer('fast', [12]), ['old', 'x'])
      .warm('old', 'fast');
    const [anywhere, slow] = [1_000, 20_000].map((took) => ({
      mean: Math.log(took),
      deviation: 0,
      count: 8,
    }));
    const on = [{ server: aServer('slow').id, times: slow! }];
    driver.tell({ kind: 'LoadTimesRemembered', model: aModel('x').id, anywhere: anywhere!, on });
    driver.pass(60_000);
    driver.resolve('x', { wait: 10_000 });
    driver.pass(1_000);
    expect(driver.orders().slice(1)).toEqual(['load x@fast']);
  });
});

describe('where of many places one alone can be freed', () => {
  it.each([0, 1_000])(
    'it is found at once, whichever are looked at first in that second (%i ms on)',
    (on) => {
      const names = Array.from({ length: 40 }, (_, at) => `m${at}0`);
      const driver = full(...names.map(() => [8]));
      driver.declare(...names.slice(1).map((name) => aModel(name, { gpuBytes: 8, pinnedCopies: 1 })));
      driver.declare(aModel('x', { gpuBytes: 8 })).pass(1_000 + on);
      driver.resolve('x');
      driver.pass(10);
      expect(driver.orders().filter((order) => order.startsWith('unload'))).toEqual(['unload m00@s0']);
    },
  );
});
