import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { foreign, GPU, load, onOneGpu, REST, SERVER, show } from '../../../../test/support/one-gpu.js';
import { Shelf } from '../../../../test/support/shelf.js';
import { replicaId } from '../fleet/ids.js';
import { memoryOf, serverFlags } from '../explain/view.js';

const gpu = (driver: CoreDriver) => memoryOf(driver.fleet)(GPU);
const meter = (driver: CoreDriver) => driver.fleet.servers.get(SERVER)!.meters.get(0)!;

describe('memory of others', () => {
  it('is what no replica explains, and makes the device smaller', () => {
    const driver = onOneGpu(3);
    expect(foreign(driver)).toBe(3);
    expect(gpu(driver)).toEqual({ capacity: 7, held: 0, promised: 0, free: 7 });
  });

  it('is not counted before a look that began a window after the start', () => {
    const gpus = [{ uuid: 't-0', memory: 10, used: 3 }];
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a'], gpus);
    show(driver, 2);
    driver.pass(2_999);
    expect(foreign(driver)).toBeNull();
    driver.pass(1);
    expect(foreign(driver)).toBe(2);
  });

  it('stays as it was while a load runs there that may have all that is new', () => {
    const driver = onOneGpu(1);
    driver.resolve('a');
    show(driver, 5);
    driver.pass(REST);
    expect(driver.isLoading('a', 't')).toBe(true);
    expect(foreign(driver)).toBe(1);
  });

  it('keeps a newcomer out that would fit by the books alone', () => {
    const driver = onOneGpu(7);
    const request = driver.resolve('a', { wait: 5_000 });
    driver.pass(6_000);
    expect(driver.orders()).toEqual([]);
    expect(driver.answerTo(request)).toBe('no_capacity');
  });

  it('never makes a device smaller than nothing, and unloads no model', () => {
    const driver = onOneGpu(0);
    load(driver, 'a', 4);
    show(driver, 10);
    driver.pass(REST);
    expect(gpu(driver)).toMatchObject({ capacity: 4, held: 4 });
    expect(driver.phase('a', 't')).toBe('ready');
  });

  it('is unknown on several GPUs that cannot be told apart', () => {
    const spec = aServer('t', [10, 10]);
    const devices = spec.devices!.map((device) => ({ ...device, uuid: null }));
    const driver = new CoreDriver().declare(aModel('a')).serve({ ...spec, devices }, ['a']);
    show(driver, 3, 3);
    driver.pass(REST);
    expect(gpu(driver).capacity).toBe(10);
  });
});

describe('memory in use at a start', () => {
  /** A server that is first seen with so much in use, one model serving, one absent, and perhaps a third one leaving. */
  function aStart(used: number, sizes: Readonly<Record<string, number>>): CoreDriver {
    const models = Object.entries(sizes).map(([id, gpuBytes]) => aModel(id, { gpuBytes, idleUnload: null }));
    const driver = new CoreDriver().declare(...models);
    driver.shelves.set('t', new Shelf());
    driver.shelf('t').set('a', 'READY');
    driver.shelf('t').set('b', '');
    if (sizes['c']) driver.shelf('t').set('c', 'UNLOADING');
    show(driver, used);
    driver.tell({ kind: 'ServerDeclared', server: aServer('t') });
    driver.tell({ kind: 'ContactChanged', server: SERVER, fact: 'connected' });
    return driver;
  }

  it('may be all others’: nothing is loaded into it, and requests go on waiting until that is known', () => {
    const driver = aStart(8, { a: 3, b: 4 });
    const request = driver.resolve('b', { wait: 20_000 });
    driver.pass(2_900);
    expect(driver.orders()).toEqual([]);
    expect(driver.answerTo(request)).toBe('waiting');
    driver.pass(500);
    expect(foreign(driver)).toBe(5);
    expect(driver.orders()).toEqual([]);
    expect(driver.answerTo(request)).toBe('no_capacity');
  });

  it('holds up a load no longer than until it was measured', () => {
    const driver = aStart(4, { a: 3, b: 4 });
    driver.resolve('b');
    expect(driver.orders()).toEqual([]);
    driver.pass(6_000);
    expect(driver.orders()).toEqual(['load b@t']);
  });

  it('holds up nothing that fits beside all of it', () => {
    const driver = aStart(4, { a: 3, b: 3 });
    driver.resolve('b');
    expect(driver.orders()).toEqual(['load b@t']);
  });

  it('holds up nothing where the books explain it', () => {
    const driver = aStart(5, { a: 4, b: 4, c: 1 });
    driver.resolve('b');
    expect(driver.orders()).toEqual(['load b@t']);
  });

  it('holds up a load no longer than the window, although something else is leaving there', () => {
    const driver = aStart(6, { a: 4, b: 4, c: 1 });
    driver.resolve('b');
    driver.pass(10_000);
    expect(driver.orders()).toEqual([]);
    driver.shelf('t').set('c', 'UNAVAILABLE');
    driver.pass(10_000);
    expect(driver.orders()).toEqual(['load b@t']);
  });

  it.each([
    [5, ['load b@t']],
    [8, []],
  ])(
    'is others’ as far as the books do not explain it, where the metrics fall silent: %i',
    (used, orders) => {
      const driver = aStart(used, { a: 3, b: 4 });
      driver.resolve('b');
      driver.shelf('t').gpus = null;
      driver.pass(9_000);
      expect(driver.orders()).toEqual([]);
      driver.pass(4_000);
      expect(foreign(driver)).toBe(used - 3);
      expect(driver.orders()).toEqual(orders);
    },
  );
});

describe('the memory of a copy that has left', () => {
  function leaving(): CoreDriver {
    const driver = onOneGpu(0);
    load(driver, 'a', 4);
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    return driver;
  }

  it('is free with the look that shows it gone', () => {
    const driver = leaving();
    driver.pass(1);
    expect(driver.phase('a', 't')).toBeUndefined();
    expect(gpu(driver)).toMatchObject({ capacity: 10, free: 10 });
  });

  it('that does not come back is residue', () => {
    const driver = leaving();
    show(driver, 3);
    driver.pass(REST);
    expect([foreign(driver), meter(driver).residue]).toEqual([0, 3]);
    expect(gpu(driver)).toMatchObject({ capacity: 7, held: 0 });
  });

  it('is residue no longer when it comes back after all', () => {
    const driver = leaving();
    show(driver, 3);
    driver.pass(REST);
    show(driver, 1);
    driver.pass(REST);
    expect([foreign(driver), meter(driver).residue]).toEqual([0, 1]);
  });

  it('counts as others’ where two have left: it cannot be told whose it is', () => {
    const driver = onOneGpu(0);
    load(driver, 'a', 4);
    load(driver, 'b', 8);
    for (const id of ['a', 'b']) driver.tell({ kind: 'UnloadOrdered', model: aModel(id).id, force: true });
    show(driver, 3);
    driver.pass(REST);
    expect([foreign(driver), meter(driver).residue]).toEqual([3, 0]);
  });

  it('is asked back by a restart where there is too much of it', () => {
    const driver = leaving();
    show(driver, 3);
    driver.pass(REST);
    const server = driver.fleet.servers.get(SERVER)!;
    expect(serverFlags(driver.fleet, server, new Now(driver.now))).toContain('needs_restart');
  });

  it('is given back by a new process, whatever others hold', () => {
    const driver = onOneGpu(2);
    load(driver, 'a', 6);
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    driver.pass(REST);
    expect([foreign(driver), meter(driver).residue]).toEqual([2, 4]);
    show(driver, 2);
    driver.tell({ kind: 'ContactChanged', server: SERVER, fact: 'ended' });
    driver.tell({ kind: 'ContactChanged', server: SERVER, fact: 'refused' });
    driver.tell({ kind: 'ContactChanged', server: SERVER, fact: 'connected' });
    driver.pass(1_000);
    expect([foreign(driver), meter(driver).residue]).toEqual([2, 0]);
  });
});

describe('a hidden copy', () => {
  it('is gone when what is in use has no room for it', () => {
    const driver = onOneGpu(0);
    load(driver, 'a', 4);
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    driver.shelf('t').set('a', 'READY');
    show(driver, 8);
    driver.pass(2_000);
    const server = driver.fleet.servers.get(SERVER)!;
    expect(server.hidden).toHaveLength(1);
    show(driver, 4);
    driver.pass(REST);
    expect(server.hidden).toEqual([]);
    expect(driver.fleet.replicas.get(replicaId(aModel('a').id, SERVER))?.phase).toBe('ready');
  });
});
