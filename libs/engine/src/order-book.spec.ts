import { beforeEach, describe, expect, it } from '@jest/globals';
import { emptyFleet, type Event, type Fleet, type ModelId, replicaId, type ServerId } from '#core';
import { aModel, aServer } from '../../../test/support/builders.js';
import { Shelf } from '../../../test/support/shelf.js';
import { OrderBook } from './order-book.js';
import type { StoredOrders } from './ports/declarations.js';
import { decide } from '../../../test/support/decide.js';

const A = 'a' as ModelId;
const S = 's' as ServerId;
const T = 't' as ServerId;
const LOAD = { kind: 'LoadOrdered', model: A, until: 1e6 } as const;
const RELOAD = { kind: 'ReloadOrdered', model: A, until: 1e6 } as const;
const UNLOAD = { kind: 'UnloadOrdered', model: A, force: true } as const;
const NOTHING: StoredOrders = { load: false, unload: [], reload: [] };
const LOADING: StoredOrders = { ...NOTHING, load: true };
const reloading = (server: ServerId, hasLeft: boolean): StoredOrders => ({
  ...NOTHING,
  reload: [{ server, hasLeft }],
});
const unloading = (server: ServerId, force: boolean): StoredOrders => ({
  ...NOTHING,
  unload: [{ server, force }],
});
const RELOADING = reloading(S, false);

describe('the book of orders', () => {
  let fleet: Fleet;
  let book: OrderBook;
  let stored: Map<string, StoredOrders>;

  beforeEach(() => {
    fleet = emptyFleet();
    stored = new Map();
    book = new OrderBook(stored);
    turn({ kind: 'ServerDeclared', server: aServer('s', [10]) });
    turn({ kind: 'ModelDeclared', model: aModel('a') });
    turn({ kind: 'ContactChanged', server: S, fact: 'connected' });
  });

  const turn = (...events: Event[]) => decide(fleet, events, 1_000);

  /** As a store does it. */
  function store(changes: ReturnType<OrderBook['changes']>): void {
    for (const change of changes) {
      if (change.kind !== 'orders') continue;
      if (change.value) stored.set(change.model, change.value);
      else stored.delete(change.model);
    }
    book.follow(changes);
  }

  /** Finds a copy on the server. */
  function find(): void {
    const shelf = new Shelf();
    shelf.set('a', 'READY');
    turn({ kind: 'Looked', server: S, look: shelf.look(1_000, 'full', false) });
  }

  it('has an order written down before it is accepted, and says the next life what of it is to be done', () => {
    find();
    store(book.accept(fleet, RELOAD));
    expect(stored.get('a')).toEqual(RELOADING);
    expect(new OrderBook(stored).recall(() => 7)).toEqual([
      { kind: 'ReloadRemembered', model: 'a', copies: [{ server: 's', hasLeft: false }] },
    ]);
    store(book.accept(fleet, UNLOAD));
    expect(new OrderBook(stored).recall(() => 7)).toEqual([
      { kind: 'UnloadRemembered', model: 'a', copies: [{ server: 's', force: true }] },
    ]);
  });

  it('takes a load beside a reload, which goes on, and a reload of what is not there for a load', () => {
    store(book.accept(fleet, RELOAD));
    expect(stored.get('a')).toEqual({ ...NOTHING, load: true });
    expect(new OrderBook(stored).recall(() => 7)).toEqual([{ ...LOAD, until: 7 }]);
    find();
    store(book.accept(fleet, RELOAD));
    store(book.accept(fleet, LOAD));
    expect(stored.get('a')).toEqual({ ...RELOADING, load: true });
    expect(book.accept(fleet, LOAD)).toEqual([]);
  });

  it('follows what becomes of an order, and forgets what is done', () => {
    find();
    turn({ kind: 'FreezeOrdered', reason: 'audit', since: 0 });
    store(book.accept(fleet, UNLOAD));
    turn(UNLOAD);
    expect(book.changes(fleet)).toEqual([]);
    turn({ kind: 'ModelDeclared', model: aModel('a', { pinnedCopies: 1 }) });
    turn({ kind: 'FreezeEnded' });
    store(book.changes(fleet));
    expect([stored.size, book.changes(fleet)]).toEqual([0, []]);
  });

  it.each<[string, StoredOrders, StoredOrders]>([
    ['whether it is to be loaded', { ...RELOADING, load: true }, RELOADING],
    ['which copies leave', { ...NOTHING, load: true, unload: [{ server: S, force: true }] }, LOADING],
    ['which come back', { ...RELOADING, load: true }, LOADING],
    ['on which server', unloading(T, true), unloading(S, true)],
    ['whether that is forced', unloading(S, false), unloading(S, true)],
    ['where it comes back', reloading(T, false), RELOADING],
    ['whether it has left', reloading(S, true), RELOADING],
  ])('knows %s from what is written', (_, written, open) => {
    if (open.load) fleet.bestEffort.set(A, { until: 1e6, admin: true, since: 0 });
    for (const { force } of open.unload) fleet.putOff.set(replicaId(A, S), { model: A, server: S, force });
    if (open.reload.length > 0) {
      const reload = { model: A, server: S, cause: 'reload', devices: [], copies: 1, bookings: [] } as const;
      fleet.reloads.set(replicaId(A, S), { ...reload, leftAt: null, config: null });
    }
    expect(new OrderBook(new Map([['a', written]])).changes(fleet)).toEqual([
      { kind: 'orders', model: 'a', value: open },
    ]);
    expect(new OrderBook(new Map([['a', open]])).changes(fleet)).toEqual([]);
  });

  it('forgets what cannot be done any more', () => {
    const gone = new OrderBook(new Map([['x', RELOADING]]));
    expect(gone.changes(fleet)).toEqual([{ kind: 'orders', model: 'x', value: null }]);
  });

  it('writes nothing for an unload of what is not there', () => {
    expect(book.accept(fleet, UNLOAD)).toEqual([]);
  });
});
