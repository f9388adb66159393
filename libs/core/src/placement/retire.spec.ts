import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Model } from '../fleet/model.js';

const A = aModel('a').id;
const Q = aModel('q').id;
const SERVER = aServer('t').id;

/** `a` is ready on the only server and was used a while ago. */
function warm(parts: Partial<Model> = {}, lease = 0): CoreDriver {
  const driver = new CoreDriver().declare(aModel('a', parts)).serve(aServer('t', [10]), ['a']);
  driver.warm('a', 't');
  driver.pass(20_000);
  if (lease > 0) driver.resolve('a', { lease });
  return driver;
}

const unload = (driver: CoreDriver): unknown =>
  driver.tell({ kind: 'UnloadOrdered', model: A, force: false });

const queued = (driver: CoreDriver, count: number): unknown => driver.shelf('t').pending.set(A, count);

describe('a draining replica', () => {
  it('waits for the queue inside Triton to empty, for five seconds at most', () => {
    const driver = warm();
    queued(driver, 1);
    driver.pass(2_000);
    unload(driver);
    driver.pass(4_990);
    expect(driver.phase('a', 't')).toBe('draining');
    driver.pass(10);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('has those five seconds after its last lease', () => {
    const driver = warm({}, 8_000);
    queued(driver, 1);
    unload(driver);
    driver.pass(12_990);
    expect(driver.phase('a', 't')).toBe('draining');
    driver.pass(10);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('leaves as soon as a reading of that queue shows it empty', () => {
    const driver = warm();
    queued(driver, 1);
    driver.pass(2_000);
    unload(driver);
    driver.pass(2_000);
    expect(driver.phase('a', 't')).toBe('draining');
    queued(driver, 0);
    driver.pass(2_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('is not judged by a reading from before its routes were withdrawn', () => {
    const driver = warm();
    queued(driver, 1);
    driver.fleet.servers.get(SERVER)!.looking = 'full';
    driver.pass(1_000);
    unload(driver);
    expect(driver.phase('a', 't')).toBe('draining');
  });

  it('waits for nothing where the metrics do not answer', () => {
    const driver = warm();
    const look = { ...driver.shelf('t').look(driver.now, 'statistics', false), metrics: null };
    driver.tell({ kind: 'Looked', server: SERVER, look });
    unload(driver);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('stays while its server is slow to answer', () => {
    const driver = warm({}, 8_000);
    unload(driver);
    driver.tell({ kind: 'LookFailed', server: SERVER, why: 'timed_out' });
    driver.pass(9_000);
    expect(driver.phase('a', 't')).toBe('draining');
    driver.pass(20_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('stays until what needs it has gone', () => {
    const driver = new CoreDriver()
      .declare(aModel('q'), aModel('p', { dependsOn: [Q] }))
      .serve(aServer('t', [10]), ['p', 'q']);
    driver.resolve('p', { lease: 30_000 });
    driver.loadEnds('q', 't');
    driver.loadEnds('p', 't');
    for (const model of [aModel('p').id, Q]) driver.tell({ kind: 'UnloadOrdered', model, force: false });
    driver.pass(29_000);
    expect(driver.orders()).toEqual(['load q@t', 'load p@t']);
    driver.pass(5_000);
    expect(driver.orders().slice(2)).toEqual(['unload p@t', 'unload q@t']);
  });
});

describe('a replica of a model that is no longer wanted', () => {
  it('is unloaded at once where the model was disabled', () => {
    const driver = warm();
    driver.declare(aModel('a', { enabled: false }));
    driver.pass(1_000);
    expect(driver.log.at(-1)).toMatchObject({ kind: 'unload', cause: 'withdrawn' });
  });

  it('is unloaded at once where the model was withdrawn and is not to be discovered', () => {
    const driver = new CoreDriver()
      .declare(aModel('a'))
      .serve(aServer('t', [10], { discover: false }), ['a'])
      .warm('a', 't');
    driver.tell({ kind: 'ModelWithdrawn', model: A });
    driver.pass(11_000);
    expect(driver.log.at(-1)).toMatchObject({ kind: 'unload', cause: 'withdrawn' });
  });

  it('stays while another needs it that is wanted', () => {
    const driver = new CoreDriver()
      .declare(aModel('q'), aModel('p', { dependsOn: [Q] }))
      .serve(aServer('t', [10]), ['p', 'q']);
    driver.resolve('p');
    driver.loadEnds('q', 't');
    driver.loadEnds('p', 't');
    driver.declare(aModel('q', { enabled: false }));
    driver.pass(20_000);
    expect([driver.phase('q', 't'), driver.phase('p', 't')]).toEqual(['ready', 'ready']);
  });

  it('stays where another client has loaded it and strangers are kept', () => {
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t', [10]), ['a']);
    driver.shelf('t').set('a', 'READY');
    driver.pass(10_000);
    driver.declare(aModel('a', { enabled: false }));
    driver.pass(20_000);
    expect(driver.phase('a', 't')).toBe('ready');
  });

  it('stays while its server is slow to answer', () => {
    const driver = warm();
    driver.tell({ kind: 'LookFailed', server: SERVER, why: 'timed_out' });
    driver.declare(aModel('a', { enabled: false }));
    driver.pass(5_000);
    expect(driver.phase('a', 't')).toBe('ready');
  });
});

describe('a server that is drained', () => {
  it('lets go of what is idle also where there is no other place', () => {
    const driver = warm({ idleUnload: 60_000 });
    driver.tell({ kind: 'DrainOrdered', server: SERVER, deadline: null });
    driver.pass(39_900);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(1_000);
    expect(driver.log.at(-1)).toMatchObject({ kind: 'unload', cause: 'drain' });
  });

  it('keeps what another client has loaded, also past its deadline', () => {
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t', [10]), ['a']);
    driver.shelf('t').set('a', 'READY');
    driver.pass(10_000);
    driver.tell({ kind: 'DrainOrdered', server: SERVER, deadline: driver.now + 1_000 });
    driver.pass(20_000);
    expect(driver.phase('a', 't')).toBe('ready');
  });

  it('lets go past its deadline of what came up after a load without an answer, once its config is told', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { config: '{}' }))
      .serve(aServer('t', [10, 10]), ['a']);
    driver.resolve('a', { wait: 300 });
    driver.loadEnds('a', 't', 'unknown');
    driver.shelf('t').set('a', 'LOADING');
    driver.tell({ kind: 'DrainOrdered', server: SERVER, deadline: driver.now });
    driver.pass(20_000);
    driver.shelf('t').set('a', 'READY');
    driver.pass(2_000);
    expect(driver.phase('a', 't')).toBe('draining');
    expect(driver.fleet.servers.get(SERVER)!.described.get(aModel('a').id)).toBe('asked');
    const config = { json: '{}', kind: 'gpu', gpus: [0], count: 1 } as const;
    driver.tell({ kind: 'ConfigLearned', server: SERVER, model: aModel('a').id, config, steps: [] });
    expect(driver.log.at(-1)).toMatchObject({ kind: 'unload', server: 't', cause: 'drain' });
  });

  it('lets go of a pinned copy only once the other servers have as many as are pinned', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { pinnedCopies: 2 }))
      .serve(aServer('t', [10]), ['a'])
      .serve(aServer('u', [10]), ['a']);
    driver.loadEnds('a', 't');
    driver.loadEnds('a', 'u');
    driver.tell({ kind: 'DrainOrdered', server: SERVER, deadline: null });
    driver.pass(20_000);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.serve(aServer('v', [10]), ['a']);
    driver.loadEnds('a', 'v');
    driver.pass(20_000);
    expect(driver.log.at(-1)).toMatchObject({ kind: 'unload', server: 't', cause: 'drain' });
  });

  it('lets go of what others need only after them', () => {
    const both = ['p', 'q'];
    const driver = new CoreDriver()
      .declare(aModel('q'), aModel('p', { dependsOn: [Q] }))
      .serve(aServer('t', [10]), both)
      .serve(aServer('u', [10]), both);
    driver.resolve('p', { lease: 30_000 });
    for (const model of ['q', 'p']) driver.loadEnds(model, 't');
    driver.tell({ kind: 'DrainOrdered', server: SERVER, deadline: null });
    driver.loadEnds('q', 'u');
    driver.pass(1_000);
    expect(driver.phase('q', 't')).toBe('ready');
    driver.loadEnds('p', 'u');
    driver.pass(60_000);
    expect(driver.orders().slice(-2)).toEqual(['unload p@t', 'unload q@t']);
  });
});

describe('a server that is drained with a deadline', () => {
  const drainWithin = (driver: CoreDriver, within: number): void =>
    void driver.tell({ kind: 'DrainOrdered', server: SERVER, deadline: driver.now + within });

  it('lets go at its deadline and the default lease, whatever leases were given before', () => {
    const driver = warm({}, 300_000);
    drainWithin(driver, 20_000);
    driver.pass(29_900);
    expect(driver.phase('a', 't')).toBe('draining');
    driver.pass(100);
    expect(driver.log.at(-1)).toMatchObject({ kind: 'unload', cause: 'drain' });
  });

  it('waits no longer than that for the queue inside Triton either', () => {
    const driver = warm({}, 300_000);
    queued(driver, 1);
    drainWithin(driver, 20_000);
    driver.pass(30_000);
    expect(driver.log.at(-1)).toMatchObject({ kind: 'unload', cause: 'drain' });
  });

  it('promises no lease beyond that', () => {
    const driver = warm();
    drainWithin(driver, 20_000);
    driver.pass(5_000.5);
    driver.resolve('a', { lease: 300_000 });
    expect(driver.log.at(-1)).toMatchObject({ kind: 'grant', lease: 24_999 });
    driver.resolve('a', { lease: 12_000 });
    expect(driver.log.at(-1)).toMatchObject({ kind: 'grant', lease: 12_000 });
  });

  it('holds leases to their end once the drain is cancelled', () => {
    const driver = warm({ idleUnload: 30_000 }, 60_000);
    drainWithin(driver, 20_000);
    driver.pass(10_000);
    driver.tell({ kind: 'DrainEnded', server: SERVER });
    driver.pass(49_000);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(2_000);
    expect(driver.log.at(-1)).toMatchObject({ kind: 'unload', cause: 'idle' });
  });

  it('gives no route in the turn in which it lets go, however late that comes', () => {
    const driver = warm({}, 300_000);
    drainWithin(driver, 1_000);
    driver.tell({ kind: 'LookFailed', server: SERVER, why: 'timed_out' });
    driver.looksEnd = false;
    driver.pass(12_000);
    const asked = driver.resolve('a', { avoid: ['t'] });
    driver.looksEnd = true;
    driver.tell({ kind: 'ContactChanged', server: SERVER, fact: 'ended' });
    driver.tell({ kind: 'LookFailed', server: SERVER, why: 'unreachable' });
    driver.tell({ kind: 'ContactChanged', server: SERVER, fact: 'connected' });
    expect(driver.log.at(-1)).toMatchObject({ kind: 'unload', cause: 'drain' });
    expect(driver.answerTo(asked)).toBe('no_capacity');
  });

  it('gives no route of whose lease nothing is left where a freeze holds it up', () => {
    const driver = warm({}, 300_000);
    driver.tell({ kind: 'FreezeOrdered', reason: 'inventory', since: driver.now });
    drainWithin(driver, 1_000);
    driver.pass(20_000);
    const request = driver.resolve('a', { lease: 300_000 });
    expect(driver.refusalOf(request)).toMatchObject({ detail: 'frozen', retryAfter: null });
  });
});

it('a server that is drained without a deadline cuts no lease', () => {
  const driver = warm({ idleUnload: 30_000 }, 300_000);
  driver.tell({ kind: 'DrainOrdered', server: SERVER, deadline: null });
  driver.pass(299_000);
  expect(driver.phase('a', 't')).toBe('ready');
});
