import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { gpuAccount } from '../fleet/ids.js';
import { measuredOn } from '../fleet/meter.js';
import { Ledger } from '../memory/ledger.js';
import { whyClosed } from '../learned/closing.js';

const SERVER = aServer('t').id;
const GPU = gpuAccount(SERVER, 0);
const WINDOW = 3_000;
/** Long enough for a clean sample, wherever looks begin. */
const REST = 25_000;

/** A server with one GPU of 20 of which so much is in use, and models of 4 that stay. */
function aDriver(used: number, ids: readonly string[]): CoreDriver {
  const models = ids.map((id) => aModel(id, { idleUnload: null, config: '{}' }));
  const driver = new CoreDriver().declare(...models).serve(aServer('t', [20]), ids);
  show(driver, used);
  driver.pass(REST);
  return driver;
}

function show(driver: CoreDriver, used: number | null): void {
  driver.shelf('t').gpus = used === null ? null : [{ uuid: 't-0', memory: 20, used }];
}

function runsOut(driver: CoreDriver, model: string): void {
  driver.resolve(model, { wait: 1_000 });
  driver.pass(400);
  driver.loadEnds(model, 't', 'capacity');
}

const server = ({ fleet }: CoreDriver) => fleet.servers.get(SERVER)!;
const closed = (driver: CoreDriver) =>
  whyClosed(driver.fleet, server(driver), server(driver).devices![0]!, new Now(driver.now));
const free = ({ fleet, now }: CoreDriver) => new Ledger(fleet, new Now(now)).free(GPU);
const unload = (driver: CoreDriver, id: string) =>
  driver.tell({ kind: 'UnloadOrdered', model: aModel(id).id, force: true });

describe('a device on which a load ran out of memory', () => {
  it('says since when it is closed, why, and until when', () => {
    const driver = aDriver(0, ['a', 'b']);
    runsOut(driver, 'a');
    const [since, until] = [driver.now, driver.now + WINDOW];
    expect(closed(driver)).toEqual({ since, because: 'ran_out', until });
  });

  it('takes nothing until the look that begins a window after the last move, which is ordered for that moment', () => {
    const driver = aDriver(0, ['a', 'b']);
    runsOut(driver, 'a');
    driver.resolve('b');
    driver.pass(WINDOW - 1);
    expect([free(driver), driver.isLoading('b', 't')]).toEqual([0, false]);
    driver.pass(1);
    expect([closed(driver), driver.isLoading('b', 't')]).toEqual([null, true]);
  });

  it('is not opened by a look that began within the window, however late it is told', () => {
    const driver = aDriver(0, ['a', 'b']);
    runsOut(driver, 'a');
    driver.pass(WINDOW - 1);
    const look = driver.shelf('t').look(driver.now, 'statistics', false);
    driver.looksEnd = false;
    driver.now += WINDOW;
    driver.tell({ kind: 'Looked', server: SERVER, look });
    expect(closed(driver)).not.toBeNull();
  });

  it('counts the window from each later move, and opens nobody knows when while a load is under way', () => {
    const driver = new CoreDriver()
      .declare(...['a', 'b', 'c'].map((id) => aModel(id, { idleUnload: null, config: '{}' })))
      .serve(aServer('t', [20]), ['a', 'b', 'c']);
    driver.tell({
      kind: 'LimitsSet',
      limits: { ...driver.fleet.limits, loadsPerDevice: 2 },
      defaults: driver.fleet.defaults,
    });
    show(driver, 0);
    driver.pass(REST);
    driver.resolve('b');
    runsOut(driver, 'a');
    expect(closed(driver)).toMatchObject({ until: null });
    const request = driver.loadsTake('c', 1_000).resolve('c', { wait: 2_000 });
    driver.pass(1_900);
    expect([driver.answerTo(request), driver.orders()]).toEqual(['waiting', ['load b@t', 'load a@t']]);
    driver.loadEnds('b', 't');
    expect(closed(driver)).toMatchObject({ until: driver.now + WINDOW });
  });

  it('lets go of what is to be unloaded, and evicts nothing', () => {
    const driver = aDriver(0, ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    for (const id of ['a', 'b', 'c', 'd']) driver.warm(id, 't');
    show(driver, 16);
    driver.pass(REST);
    runsOut(driver, 'e');
    unload(driver, 'a');
    driver.declare(aModel('g', { gpuBytes: 16, config: '{}' }));
    driver.resolve('g');
    driver.pass(WINDOW - 1);
    expect(driver.orders().filter((order) => order.startsWith('unload'))).toEqual(['unload a@t']);
    expect(['b', 'c', 'd'].map((id) => driver.phase(id, 't'))).toEqual(['ready', 'ready', 'ready']);
    driver.pass(REST);
    expect(driver.orders()).toContain('unload b@t');
  });

  it('opens after a minute where somebody else moves there all the time', () => {
    const driver = aDriver(0, ['a', 'b', 'x']);
    runsOut(driver, 'a');
    driver.resolve('b', { wait: 100_000 });
    const seconds = Array.from({ length: 70 }, (_, nth) => {
      driver.shelf('t').set('x', nth % 2 === 0 ? 'READY' : 'UNAVAILABLE');
      driver.tell({ kind: 'ServersDoubted', servers: [SERVER] });
      driver.pass(1_000);
      return closed(driver) === null;
    });
    expect(seconds.indexOf(true)).toBeGreaterThanOrEqual(59);
    expect(seconds.indexOf(true)).toBeLessThanOrEqual(62);
    expect(driver.orders()).toContain('load b@t');
  });

  it('is not opened by a look that tells nothing, and is one that nothing measures once there were such for 10 s', () => {
    const driver = aDriver(0, ['a', 'b']);
    runsOut(driver, 'a');
    show(driver, null);
    driver.pass(9_000);
    expect(closed(driver)).not.toBeNull();
    driver.pass(4_000);
    expect([closed(driver), new Ledger(driver.fleet, new Now(driver.now)).of(GPU).capacity]).toEqual([
      null,
      3,
    ]);
  });

  it('closes anew when a copy leaves that was there and was never measured: others may hide in what it did not use', () => {
    const driver = aDriver(0, ['a', 'b', 'c', 'd']);
    driver.warm('a', 't').warm('b', 't');
    show(driver, 8);
    driver.pass(REST);
    runsOut(driver, 'c');
    driver.pass(WINDOW);
    expect(closed(driver)).toBeNull();
    unload(driver, 'a');
    expect(closed(driver)).toMatchObject({ because: 'ran_out' });
    driver.pass(WINDOW);
    expect(closed(driver)).toBeNull();
  });

  it.each([
    ['more than was booked of it', 6, 'ran_out'],
    ['no more', 4, undefined],
  ])(
    'closes anew when a copy leaves that was measured after the load ran out, with %s',
    (_, bytes, because) => {
      const driver = aDriver(0, ['a', 'b', 'c', 'd']).warm('a', 't');
      show(driver, bytes);
      runsOut(driver, 'c');
      driver.pass(WINDOW);
      expect([closed(driver), measuredOn(server(driver), aModel('a').id, 0)]).toEqual([null, bytes]);
      unload(driver, 'a');
      expect(closed(driver)?.because).toBe(because);
    },
  );

  it('is not kept closed by what books nothing there, however often that comes and goes', () => {
    const driver = aDriver(0, ['a', 'b']);
    driver.declare(aModel('none', { gpuBytes: 0, idleUnload: null, config: '{}' }));
    driver.shelf('t').set('none', '');
    runsOut(driver, 'a');
    driver.resolve('b');
    for (let times = 0; times < 10; times += 1) {
      driver.tell({ kind: 'LoadOrdered', model: aModel('none').id, until: driver.now + 60_000 });
      driver.pass(250);
      if (driver.isLoading('none', 't')) driver.loadEnds('none', 't');
      unload(driver, 'none');
      driver.pass(250);
    }
    expect([closed(driver), driver.isLoading('b', 't')]).toEqual([null, true]);
  });

  it('opens later by the forecast where what drains there will have left before', () => {
    const driver = aDriver(0, ['a', 'b']).warm('b', 't');
    driver.pass(REST);
    driver.resolve('b', { lease: 2_000 });
    driver.tell({ kind: 'UnloadOrdered', model: aModel('b').id, force: false });
    runsOut(driver, 'a');
    const unload = 1_000;
    expect(closed(driver)).toMatchObject({ until: driver.now + 1_600 + unload + WINDOW });
  });

  it('is not said to lack memory: a request that cannot wait until it opens is told that it comes too late', () => {
    const driver = aDriver(0, ['a', 'b']).loadsTake('b', 1_000);
    runsOut(driver, 'a');
    expect(driver.answerTo(driver.resolve('b', { wait: 2_000 }))).toBe('deadline_unreachable');
    expect(driver.answerTo(driver.resolve('b', { wait: 5_000 }))).toBe('waiting');
  });
});

it('at a start a request waits for a closed device without a promise, however short its wait', () => {
  const driver = new CoreDriver().declare(aModel('a', { gpuBytes: 10, config: '{}' })).loadsTake('a', 1_000);
  driver.serve(aServer('t', [20]), ['a'], [{ uuid: 't-0', memory: 20, used: 15 }]);
  const requests = [1_000, 3_500].map((wait) => driver.resolve('a', { wait }));
  expect(requests.map((one) => driver.answerTo(one))).toEqual(['waiting', 'waiting']);
  expect([...driver.fleet.promises.values()]).toEqual([null, null]);
});

it('a device that was closed at a start opens after a minute, however many small models eviction beside what is in use', () => {
  const ids = ['a', 'b'];
  const driver = new CoreDriver().declare(...ids.map((id) => aModel(id, { gpuBytes: 2, config: '{}' })));
  driver.serve(aServer('t', [20]), ids, [{ uuid: 't-0', memory: 20, used: 10 }]);
  for (let second = 0; second < 62; second += 1) {
    const id = ids[second % 2]!;
    driver.resolve(id);
    if (driver.isLoading(id, 't')) driver.loadEnds(id, 't');
    unload(driver, id);
    driver.pass(1_000);
  }
  expect(closed(driver)).toBeNull();
});

it('what has left a device that nothing measures is not kept', () => {
  const driver = aDriver(0, ['a']);
  show(driver, null);
  driver.pass(REST);
  for (let times = 0; times < 5; times += 1) {
    driver.warm('a', 't');
    unload(driver, 'a');
    driver.pass(1_000);
  }
  expect(server(driver).meters.get(0)!.gone).toEqual([]);
});
