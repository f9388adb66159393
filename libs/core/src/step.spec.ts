import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { Shelf } from '../../../test/support/shelf.js';

const aDriver = (): CoreDriver =>
  new CoreDriver().declare(aModel('a'), aModel('b'), aModel('c')).serve(aServer('t', [10]), ['a', 'b', 'c']);

describe('a cold request', () => {
  it('makes its model load, and gets a route when it is ready', () => {
    const driver = aDriver();
    const request = driver.resolve('a');
    expect(driver.orders()).toEqual(['load a@t']);
    expect(driver.answerTo(request)).toBe('waiting');
    driver.loadEnds('a', 't');
    expect(driver.answerTo(request)).toBe('t');
  });

  it('shares one load with all others for the same model', () => {
    const driver = aDriver();
    const requests = Array.from({ length: 50 }, () => driver.resolve('a'));
    driver.loadEnds('a', 't');
    expect(driver.orders()).toEqual(['load a@t']);
    expect(requests.map((request) => driver.answerTo(request))).toEqual(Array(50).fill('t'));
  });

  it('is told at its deadline how far the load has come', () => {
    const driver = aDriver();
    const request = driver.resolve('a', { wait: 2_000 });
    driver.pass(1_999);
    expect(driver.answerTo(request)).toBe('waiting');
    driver.pass(1);
    expect(driver.refusalOf(request)).toMatchObject({ reason: 'loading', phase: 'loading' });
  });

  it('starts the load and is answered at once where it does not wait', () => {
    const driver = aDriver();
    const request = driver.resolve('a', { wait: 0 });
    expect(driver.refusalOf(request)).toMatchObject({ reason: 'loading', phase: 'loading' });
    driver.loadEnds('a', 't');
    expect(driver.answerTo(driver.resolve('a', { wait: 0 }))).toBe('t');
  });
});

describe('an idle replica', () => {
  it('is unloaded five minutes after its last use, not a moment sooner', () => {
    const driver = aDriver().warm('a', 't');
    driver.pass(299_999);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(1);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
    driver.pass(1_000);
    expect(driver.phase('a', 't')).toBeUndefined();
    expect(driver.fleet.lastUnloads.get(aModel('a').id)).toMatchObject({ cause: 'idle', makesRoomFor: null });
  });

  it('stays while its inference count rises', () => {
    const driver = aDriver().warm('a', 't');
    driver.pass(200_000);
    driver.shelf('t').served.set(aModel('a').id, { succeeded: 1, failed: 0, lastInference: 77 });
    driver.pass(200_000);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(110_000);
    expect(driver.phase('a', 't')).toBeUndefined();
  });

  it('stays where it was used on Triton itself since the statistics were last read', () => {
    const driver = aDriver().warm('a', 't');
    driver.pass(299_999);
    driver.shelf('t').served.set(aModel('a').id, { succeeded: 1, failed: 0, lastInference: 77 });
    driver.pass(1);
    expect(driver.phase('a', 't')).toBe('ready');
  });

  it('stays when it is pinned', () => {
    const driver = aDriver();
    driver.declare(aModel('a', { pinnedCopies: 1 }));
    driver.loadEnds('a', 't');
    driver.pass(3_600_000);
    expect(driver.phase('a', 't')).toBe('ready');
  });
});

describe('an order to unload', () => {
  it('waits for leases, unless it is forced, now or later', () => {
    const driver = aDriver().warm('a', 't');
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: false });
    expect(driver.orders()).toEqual(['load a@t']);
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    driver.pass(600);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });
});

describe('when memory is short', () => {
  it('the least recently used replica makes room, and the newcomer loads when it has gone', () => {
    const driver = aDriver().warm('a', 't');
    driver.pass(20_000);
    driver.warm('b', 't');
    driver.pass(20_000);
    const request = driver.resolve('c');
    driver.pass(600);
    expect(driver.orders().slice(2)).toEqual(['unload a@t', 'load c@t']);
    driver.loadEnds('c', 't');
    expect(driver.answerTo(request)).toBe('t');
    expect(driver.fleet.lastUnloads.get(aModel('a').id)).toMatchObject({
      cause: 'evicted',
      makesRoomFor: 'c',
    });
  });

  it('holds the memory until the victim is seen to be gone', () => {
    const driver = aDriver().warm('a', 't').warm('b', 't');
    driver.pass(20_000);
    driver.unloadsEnd = false;
    driver.resolve('c');
    driver.pass(5_000);
    expect([driver.phase('a', 't'), driver.phase('c', 't')]).toEqual(['unloading', 'placed']);
    driver.shelf('t').set('a', 'UNAVAILABLE', 'unloaded');
    driver.pass(1_000);
    expect(driver.isLoading('c', 't')).toBe(true);
  });

  it('never evicts what is pinned, and says so', () => {
    const driver = aDriver();
    driver.declare(aModel('a', { pinnedCopies: 1, gpuBytes: 8 }));
    driver.loadEnds('a', 't');
    expect(driver.refusalOf(driver.resolve('b')).reason).toBe('infeasible');
  });

  it('evicts nothing where all that may go would not be enough', () => {
    const driver = aDriver();
    driver.declare(aModel('big', { gpuBytes: 9, pinnedCopies: 0 }), aModel('a', { pinnedCopies: 1 }));
    driver.shelf('t').set('big', '');
    driver.loadEnds('a', 't');
    driver.warm('b', 't');
    driver.pass(20_000);
    expect(driver.refusalOf(driver.resolve('big')).reason).toBe('infeasible');
    expect(driver.phase('b', 't')).toBe('ready');
  });

  it('waits for the leases of copies in use, and refuses requests that cannot wait that long', () => {
    const driver = aDriver().warm('a', 't').warm('b', 't');
    const patient = driver.resolve('c', { wait: 30_000 });
    const hasty = driver.resolve('c', { wait: 3_000 });
    expect(driver.answerTo(hasty)).toBe('no_capacity');
    driver.pass(10_000);
    driver.loadEnds('c', 't');
    expect(driver.answerTo(patient)).toBe('t');
  });
});

describe('in a frozen fleet', () => {
  it('no load begins, though the memory that it waits for comes free', () => {
    const driver = aDriver().warm('a', 't').warm('b', 't');
    driver.pass(20_000);
    driver.unloadsEnd = false;
    driver.resolve('c');
    driver.pass(2_000);
    driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
    driver.shelf('t').set('a', 'UNAVAILABLE', 'unloaded');
    driver.pass(5_000);
    expect([driver.phase('a', 't'), driver.phase('c', 't')]).toEqual([undefined, 'placed']);
    driver.tell({ kind: 'FreezeEnded' });
    expect(driver.isLoading('c', 't')).toBe(true);
  });
});

describe('refusals', () => {
  it('say that a name is unknown only after the indexes were read again', () => {
    const driver = aDriver();
    expect(driver.answerTo(driver.resolve('nobody'))).toBe('unknown_model');
    driver.pass(6_000);
    driver.shelf('t').set('newcomer', '');
    const request = driver.resolve('newcomer');
    expect(driver.isLoading('newcomer', 't')).toBe(true);
    expect(driver.answerTo(request)).toBe('waiting');
  });

  it('answer a request for an unknown name by the next look, though one for another name comes meanwhile', () => {
    const driver = aDriver();
    driver.pass(6_000);
    const server = driver.fleet.servers.get(aServer('t').id)!;
    Object.assign(server, { lookTook: 4_000, anyEndedAt: driver.now, fullEndedAt: driver.now });
    const request = driver.resolve('nobody');
    const begunAt = driver.now + 1;
    driver.pass(6_000);
    driver.resolve('nobody else');
    expect(driver.answerTo(request)).toBe('waiting');
    const look = { ...new Shelf().look(begunAt, 'full', false), endedAt: driver.now };
    driver.tell({ kind: 'Looked', server: server.spec.id, look });
    expect(driver.answerTo(request)).toBe('unknown_model');
  });

  it('say disabled, infeasible, unknown_version and queue_full', () => {
    const driver = aDriver();
    driver.declare(
      aModel('a', { enabled: false }),
      aModel('big', { gpuBytes: 11 }),
      aModel('c', { coldStart: { policy: 'queue', maxQueue: 2, maxWait: 60_000, loadWhenShed: true } }),
    );
    driver.shelf('t').set('big', '');
    driver.warm('b', 't');
    driver.pass(10_000);
    expect(driver.answerTo(driver.resolve('a'))).toBe('disabled');
    expect(driver.refusalOf(driver.resolve('big'))).toMatchObject({
      reason: 'infeasible',
      detail: 'too_small',
    });
    expect(driver.answerTo(driver.resolve('b', { version: '7' }))).toBe('unknown_version');
    const queue = [driver.resolve('c'), driver.resolve('c'), driver.resolve('c')];
    expect(queue.map((request) => driver.answerTo(request))).toEqual(['waiting', 'waiting', 'queue_full']);
  });

  it('shed a cold model at once where its policy says so, and load it all the same', () => {
    const driver = aDriver();
    driver.declare(
      aModel('a', { coldStart: { policy: 'shed', maxQueue: 9, maxWait: 60_000, loadWhenShed: true } }),
    );
    expect(driver.answerTo(driver.resolve('a'))).toBe('no_capacity');
    driver.loadEnds('a', 't');
    expect(driver.answerTo(driver.resolve('a'))).toBe('t');
  });

  it('answer all requests when the process goes, and order nothing more', () => {
    const driver = aDriver();
    const request = driver.resolve('a');
    driver.tell({ kind: 'ShutdownBegun', reason: 'shutting_down' });
    expect(driver.answerTo(request)).toBe('shutting_down');
    expect(driver.answerTo(driver.resolve('b'))).toBe('shutting_down');
    expect(driver.orders()).toEqual(['load a@t']);
  });
});

describe('a failed load', () => {
  it('of a passing kind is tried again after a pause, for requests that still wait', () => {
    const driver = aDriver();
    const request = driver.resolve('a');
    driver.loadEnds('a', 't', 'transient');
    driver.pass(500);
    expect(driver.isLoading('a', 't')).toBe(false);
    driver.pass(600);
    driver.loadEnds('a', 't');
    expect(driver.answerTo(request)).toBe('t');
  });

  it('of a lasting kind refuses all requests at once', () => {
    const driver = aDriver();
    const request = driver.resolve('a');
    driver.loadEnds('a', 't', 'configuration');
    expect(driver.refusalOf(request)).toMatchObject({ reason: 'load_failed', cause: 'configuration' });
    expect(driver.answerTo(driver.resolve('a'))).toBe('load_failed');
    driver.pass(11_000);
    driver.warm('a', 't');
  });

  it('keeps the memory booked until a look shows it gone', () => {
    const driver = aDriver();
    driver.resolve('a', { wait: 500 });
    driver.loadEnds('a', 't', 'unknown');
    driver.pass(4_000);
    expect(driver.phase('a', 't')).toBe('unknown');
    driver.shelf('t').set('a', 'UNAVAILABLE', 'Internal: no');
    driver.pass(3_000);
    expect(driver.phase('a', 't')).toBeUndefined();
  });

  it('of unknown outcome is believed when the index says READY', () => {
    const driver = aDriver();
    const request = driver.resolve('a');
    driver.loadEnds('a', 't', 'unknown');
    driver.shelf('t').set('a', 'READY');
    driver.pass(1_000);
    expect(driver.answerTo(request)).toBe('t');
    expect(driver.orders()).toEqual(['load a@t']);
  });
});

describe('a server that dies', () => {
  it('takes its routes with it, and its bookings when it comes back empty', () => {
    const driver = aDriver().warm('a', 't');
    driver.tell({ kind: 'ContactChanged', server: aServer('t').id, fact: 'ended' });
    const request = driver.resolve('a');
    expect(driver.answerTo(request)).toBe('waiting');
    driver.tell({ kind: 'ContactChanged', server: aServer('t').id, fact: 'refused' });
    driver.shelf('t').set('a', '');
    driver.pass(1_000);
    driver.tell({ kind: 'ContactChanged', server: aServer('t').id, fact: 'connected' });
    driver.loadEnds('a', 't');
    expect(driver.answerTo(request)).toBe('t');
    expect(driver.fleet.lastUnloads.get(aModel('a').id)?.cause).toBe('lost');
  });

  it('for longer than two seconds does not make its models unknown', () => {
    const driver = aDriver().warm('a', 't');
    driver.tell({ kind: 'ContactChanged', server: aServer('t').id, fact: 'ended' });
    driver.pass(2_000);
    expect(driver.answerTo(driver.resolve('a'))).toBe('no_server');
    expect(driver.answerTo(driver.resolve('b'))).toBe('no_server');
  });
});
