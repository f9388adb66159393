import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ActionOf } from '../fleet/actions.js';
import type { ModelId, RequestId } from '../fleet/ids.js';

const A = aModel('a', { idleUnload: 5_000 });
const SERVER = aServer('t').id;

/** One replica on a server, under a lease that outlasts its drain's begin. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver()
    .declare(A, aModel('b', { gpuBytes: 8 }), aModel('e', { gpuBytes: 1, dependsOn: [A.id] }))
    .serve(aServer('t'), ['a', 'b', 'e']);
  const first = driver.resolve('a', { lease: 60_000 });
  driver.loadEnds('a', 't');
  expect(driver.answerTo(first)).toBe('t');
  return driver;
}

describe('a draining replica', () => {
  it('has its drain cancelled when it is pinned before its unload was sent', () => {
    const driver = aDriver();
    driver.tell({ kind: 'UnloadOrdered', model: A.id, force: false });
    expect(driver.phase('a', 't')).toBe('draining');
    driver.declare({ ...A, pinnedCopies: 1 });
    expect(driver.answerTo(driver.resolve('a'))).toBe('t');
    driver.pass(120_000);
    expect(driver.orders()).toEqual(['load a@t']);
  });

  it('has its drain cancelled when something needs it that stays', () => {
    const driver = aDriver();
    driver.tell({ kind: 'UnloadOrdered', model: A.id, force: false });
    driver.shelf('t').set('e', 'READY');
    driver.pass(10_000);
    expect(driver.phase('a', 't')).toBe('ready');
  });

  it('has its drain cancelled at once with what needs it, though it began to drain first', () => {
    const driver = new CoreDriver()
      .declare(A, aModel('e', { gpuBytes: 1, dependsOn: [A.id] }))
      .serve({ ...aServer('t'), strangers: 'adopt' }, ['a', 'e']);
    driver.tell({ kind: 'DrainOrdered', server: SERVER, deadline: driver.now + 5_000 });
    driver.declare(aModel('e', { gpuBytes: 1, dependsOn: [A.id], pinnedCopies: 1 }));
    for (const model of ['a', 'e']) driver.shelf('t').set(model, 'READY');
    driver.pass(10_000);
    expect([driver.phase('a', 't'), driver.phase('e', 't')]).toEqual(['draining', 'draining']);
    driver.tell({ kind: 'DrainEnded', server: SERVER });
    expect([driver.phase('a', 't'), driver.phase('e', 't')]).toEqual(['ready', 'ready']);
  });

  it('goes all the same at the deadline of a drain of its server', () => {
    const driver = aDriver();
    driver.tell({ kind: 'DrainOrdered', server: SERVER, deadline: driver.now });
    driver.declare({ ...A, pinnedCopies: 1 });
    driver.pass(70_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('goes on draining with its server while that takes no orders (seed 9600173)', () => {
    const driver = aDriver();
    driver.tell({ kind: 'UnloadOrdered', model: A.id, force: false });
    driver.tell({ kind: 'DrainOrdered', server: SERVER, deadline: driver.now });
    driver.declare({ ...A, pinnedCopies: 1 });
    expect(driver.phase('a', 't')).toBe('draining');
    driver.tell({ kind: 'ContactChanged', server: SERVER, fact: 'moved' });
    expect(driver.phase('a', 't')).toBe('draining');
  });

  it('leaves the one it was to make room for to be placed anew', () => {
    const driver = aDriver();
    const request = driver.resolve('b', { wait: 120_000 });
    driver.pass(31_000);
    expect([driver.phase('a', 't'), driver.phase('b', 't')]).toEqual(['draining', 'placed']);
    driver.declare({ ...A, pinnedCopies: 1 });
    expect([driver.phase('a', 't'), driver.phase('b', 't')]).toEqual(['ready', undefined]);
    expect(driver.answerTo(request)).toBe('infeasible');
  });
});

describe('an idle copy beside another one of a model that is kept warm', () => {
  const kept = aModel('a', { class: 'sheddable', idleUnload: 5_000, minCopies: 1 });
  const names = ['a', 'above', 'equal'];

  /** One copy is idle, and another comes up where `above` waits for its memory, and `equal` for that of the first. */
  const comesUp = (): CoreDriver => {
    const driver = new CoreDriver()
      .declare(kept, aModel('above', { class: 'critical', gpuBytes: 8, require: { tier: 'u' } }))
      .declare(aModel('equal', { class: 'sheddable', gpuBytes: 8, require: { tier: 't' } }))
      .serve(aServer('t', [10], { labels: { tier: 't' } }), names);
    driver.loadEnds('a', 't');
    driver.pass(20_000);
    driver.serve(aServer('u', [10], { labels: { tier: 'u' } }), names);
    driver.declare({ ...kept, minCopies: 2 }).declare(kept);
    driver.resolve('above', { wait: 60_000 });
    driver.tell({ kind: 'LoadOrdered', model: 'equal' as ModelId, until: driver.now + 60_000 });
    expect(names.map((name) => driver.phase(name, 't'))).toEqual(['ready', undefined, undefined]);
    driver.loadEnds('a', 'u');
    return driver;
  };

  it('stays where that one makes room in the turn in which it would go, and nothing counts on its memory', () => {
    const driver = comesUp();
    expect(names.map((name) => driver.phase(name, 'u'))).toEqual(['unloading', 'placed', undefined]);
    driver.pass(1_000);
    expect(driver.isLoading('above', 'u')).toBe(true);
    expect(names.map((name) => driver.phase(name, 't'))).toEqual(['ready', undefined, undefined]);
    expect(driver.orders()).not.toContain('unload a@t');
  });
});

describe('a replica that drains for a request for another model', () => {
  let driver: CoreDriver;
  let request: string;
  const cancel = (): void => {
    driver.tell({ kind: 'RequestCancelled', request: request as RequestId });
  };

  beforeEach(() => {
    driver = aDriver();
    request = driver.resolve('b', { wait: 120_000 });
    driver.pass(31_000);
    expect([driver.phase('a', 't'), driver.phase('b', 't')]).toEqual(['draining', 'placed']);
  });

  it('has its drain cancelled when that request has gone, and one that waits for it is served at once', () => {
    const other = driver.resolve('a');
    expect(driver.answerTo(other)).toBe('waiting');
    cancel();
    expect([driver.phase('a', 't'), driver.phase('b', 't')]).toEqual(['ready', undefined]);
    expect(driver.answerTo(other)).toBe('t');
    expect(driver.orders()).toEqual(['load a@t']);
  });

  it('has its drain cancelled and is served while orders are stopped, too', () => {
    const other = driver.resolve('a');
    driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
    cancel();
    expect(driver.answerTo(other)).toBe('t');
  });

  it('comes back with what needs it where orders are stopped, though another copy of it serves (seed 9600339)', () => {
    cancel();
    driver.declare({ ...A, idleUnload: 90_000 }, aModel('e', { idleUnload: 90_000, dependsOn: [A.id] }));
    driver.resolve('e', { lease: 60_000 });
    driver.loadEnds('e', 't');
    request = driver.resolve('b', { wait: 120_000 });
    driver.pass(31_000);
    expect([driver.phase('a', 't'), driver.phase('e', 't')]).toEqual(['draining', 'draining']);
    driver.serve(aServer('u'), ['a']).shelf('u').set('a', 'READY');
    driver.pass(11_000);
    driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
    cancel();
    expect([driver.phase('a', 't'), driver.phase('e', 't')]).toEqual(['ready', 'ready']);
  });

  it('goes on draining for another request for that model', () => {
    driver.resolve('b', { wait: 120_000 });
    cancel();
    expect([driver.phase('a', 't'), driver.phase('b', 't')]).toEqual(['draining', 'placed']);
  });

  it('is let go all the same when it was not used for long enough', () => {
    driver.declare({ ...A, idleUnload: 1_000 });
    driver.pass(29_500);
    cancel();
    driver.pass(1_000);
    expect(driver.orders()).toContain('unload a@t');
  });

  it('is let go all the same where another copy of it serves, or is on its way', () => {
    driver.serve(aServer('u'), ['a']);
    driver.resolve('a');
    expect(driver.phase('a', 'u')).toBe('loading');
    cancel();
    expect(driver.phase('a', 't')).toBe('draining');
  });

  it('goes on draining where the place is lost, and the request waits on', () => {
    driver.tell({ kind: 'ContactChanged', server: SERVER, fact: 'ended' });
    expect([driver.phase('a', 't'), driver.phase('b', 't')]).toEqual(['draining', undefined]);
  });
});

describe('a request that is cancelled before the load is done', () => {
  it('is not granted a route in the turn in which the load ends', () => {
    const driver = new CoreDriver().declare(A).serve(aServer('t'), ['a']);
    const request = driver.resolve('a');
    const load = driver.log.findLast((action) => action.kind === 'load') as ActionOf<'load'>;
    driver.shelf('t').set('a', 'READY');
    driver.tell(
      {
        ...{ kind: 'LoadEnded', order: load.order, replica: load.replica },
        outcome: { kind: 'succeeded', versions: ['1'] },
      },
      { kind: 'RequestCancelled', request: request as RequestId },
    );
    expect(driver.phase('a', 't')).toBe('ready');
    expect(driver.answerTo(request)).toBe('waiting');
  });

  it('leaves what best-effort demand wants all the same', () => {
    const driver = aDriver();
    driver.resolve('b', { wait: 0 });
    const b = driver.resolve('b', { wait: 120_000 });
    driver.pass(31_000);
    expect(driver.phase('b', 't')).toBe('placed');
    driver.tell({ kind: 'RequestCancelled', request: b as RequestId });
    expect([driver.phase('a', 't'), driver.phase('b', 't')]).toEqual(['draining', 'placed']);
  });
});
