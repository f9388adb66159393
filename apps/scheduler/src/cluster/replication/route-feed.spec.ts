import { beforeEach, describe, expect, it } from '@jest/globals';
import { emptyFleet, type Event, type Fleet, type ModelId, type ReplicaId, type ServerId } from '#core';
import { type Route, soleLeadership } from '#engine';
import { aRow, FakeFeed } from '../../../../../test/support/fake-feed.js';
import { RouteTable } from './route-table.js';
import { WatchedTable } from './watched-table.js';
import { RoutePublisher } from './route-publisher.js';
import type { RouteEvent } from './route-event.js';
import { RouteFeed } from './route-feed.js';

describe("a leader's word on a route", () => {
  let mayAct: boolean;
  let routeFeed: RouteFeed;
  let fleet: Fleet;

  beforeEach(() => {
    mayAct = true;
    fleet = emptyFleet();
    const clock = { now: () => 1_000 };
    routeFeed = new RouteFeed({
      engine: { fleet, now: () => 1_000, report: () => undefined },
      addresses: { changes: 1, routeServer: (id) => ({ id, grpc: '', http: null, labels: {} }) },
      leadership: { ...soleLeadership(1, () => mayAct), renewedAgo: () => 12_000 },
      own: new WatchedTable({ clock, bound: 30_000 }),
      log: { warn: () => undefined },
    });
  });

  const route = (lease: number): Route => ({
    ...{ kind: 'route', model: 'a' as ModelId, version: '1', server: 's' as ServerId },
    ...{ replica: 'a@s' as ReplicaId, devices: [], term: 1, sequence: 1, lease, cold: false, waited: 0 },
  });

  it('leaves a long lease as it is while it may act', () => {
    expect(routeFeed.withValidLease(route(600_000))).toEqual(route(600_000));
  });

  it('gives no more than 10 s while it is held: nothing keeps a longer lease then', () => {
    mayAct = false;
    expect(routeFeed.withValidLease(route(600_000))).toEqual(route(10_000));
    expect(routeFeed.withValidLease(route(4_000))).toEqual(route(4_000));
  });

  it('is told to no peer before the first table of its term, nor after its end', async () => {
    const known = { read: () => Promise.resolve(new Set<string>()), keep: NOTHING, forget: NOTHING };
    await routeFeed.begin({ name: 'own', known, lastRenewalSeenAt: 0 });
    const told: RouteEvent[] = [];
    const stream = { write: (event: RouteEvent) => void told.push(event), end: () => undefined };
    const open = () => routeFeed.open('p', stream, null, '');
    await expect(open()).rejects.toThrow('no_leader');
    Object.assign(fleet, { startedAt: 1_000, serversAwaited: false });
    routeFeed.tick(1_000);
    await open();
    expect(told.map(({ version }) => version.term)).toEqual([1]);
    const late = open();
    await routeFeed.end(false);
    await expect(late).rejects.toThrow('no_leader');
  });
});

describe('what a leader tells of its routes', () => {
  let now: number;
  let own: WatchedTable;
  let fleet: Fleet;
  let told: Event[];
  let routeFeed: RouteFeed;

  beforeEach(() => {
    now = 100_000;
    own = new WatchedTable({ clock: { now: () => now }, bound: 30_000 });
    fleet = Object.assign(emptyFleet(), { startedAt: now, serversAwaited: false });
    told = [];
    const server = { id: 's', grpc: 's:1', http: null, labels: {} };
    routeFeed = new RouteFeed({
      engine: { fleet, now: () => now, report: (...events: readonly Event[]) => void told.push(...events) },
      addresses: { changes: 1, routeServer: () => server },
      leadership: soleLeadership(2),
      own,
      log: { warn: () => undefined },
    });
  });

  const second = (): void => {
    now += 1_000;
    routeFeed.tick(now);
    own.tick(now);
  };

  it('is told to the core by revisions that are numbers, also once the last gateway has left', () => {
    routeFeed.expectGateway();
    own.gateways.open(
      { watcher: 'g', credential: 'gw', isFree: true, write: () => undefined, end: () => undefined },
      null,
      now,
    )();
    for (let passed = 0; passed < 12; passed += 1) second();
    const revisions = told.flatMap((event) => (event.kind === 'WatcherAcknowledged' ? [event.revision] : []));
    expect(revisions.length).toBeGreaterThan(0);
    expect(revisions.filter((one) => !Number.isSafeInteger(one))).toEqual([]);
    expect(told.at(-1)).toMatchObject({ kind: 'WatcherGone' });
  });

  it('is told to the core at once that gateways acknowledge, after what they used, where a copy drains', () => {
    routeFeed.expectGateway();
    const gateway = { watcher: 'g', credential: 'gw' };
    own.gateways.open({ ...gateway, isFree: true, write: () => undefined, end: () => undefined }, null, now);
    second();
    const acknowledge = (): Event['kind'][] => {
      told.length = 0;
      const use = {
        model: 'a' as ModelId,
        server: 's' as ServerId,
        lastUsedMsAgo: 0,
        inUseForMs: 0,
        routes: 1,
      };
      own.table.uses.note({ ...use, id: 'a@s' as ReplicaId }, now, now + 9_000);
      own.takeReport(gateway, [use], own.table.version);
      routeFeed.gatewayAcknowledged();
      return told.map(({ kind }) => kind);
    };
    const withdraw = (phase: 'ready' | 'draining'): void => {
      fleet.routesRevision += 1;
      fleet.unsettled.add('a@s' as ReplicaId);
      fleet.replicas.set('a@s' as ReplicaId, { phase, inUseUntil: 0 } as never);
      routeFeed.turnTaken({ now } as never, fleet);
      own.publisher.beat(now);
    };
    withdraw('ready');
    expect(acknowledge()).toEqual([]);
    withdraw('draining');
    expect(acknowledge()).toEqual(['RoutesUsed', 'WatcherSeen', 'WatcherAcknowledged']);
    expect(told.at(-1)).toMatchObject({ watcher: 'gateways', revision: 2 });
    expect(acknowledge()).toEqual([]);
  });

  it('has rows of the term before go also for a peer that comes back, where no revision says so', async () => {
    const before = new RoutePublisher(new FakeFeed().put(aRow('x', 's')));
    before.join({ isFree: true, send: (event: RouteEvent) => own.table.take(event, now) }, null, now);
    const unseen = { spec: { id: 's' }, lookedAt: null, contact: { kind: 'connecting' }, mode: null };
    (fleet.servers as Map<string, unknown>).set('s', unseen);
    const known = { read: () => Promise.resolve(new Set<string>()), keep: NOTHING, forget: NOTHING };
    await routeFeed.begin({ name: 'own', known, lastRenewalSeenAt: 0 });
    routeFeed.tick(now);
    const peer = new RouteTable({ now: () => now, bound: 30_000, isShown: () => false });
    const write = (event: RouteEvent): void => {
      peer.take(event, now);
      const { number, version } = event;
      routeFeed.report('p', { number, version, uses: [], doubted: [], isEnding: false, awaited: [] });
    };
    const open = () =>
      routeFeed.open('p', { write, end: () => undefined }, peer.isReceived ? peer.version : null, '');
    const leave = await open();
    expect([own.table.rows.size, peer.rows.size]).toEqual([1, 1]);
    leave();
    // The silent server counts as looked at by now.
    now += 11_000;
    second();
    await open();
    second();
    expect([own.table.rows.size, peer.rows.size]).toEqual([0, 0]);
  });
});

const NOTHING = (): Promise<void> => Promise.resolve();
