import { beforeEach, describe, expect, it } from '@jest/globals';
import { routeTableSchema } from '#contracts';
import { aRow, FakeFeed } from '../../../../test/support/fake-feed.js';
import { Terms } from '../cluster/leadership/per-term.js';
import type { RouteEvent } from '../cluster/replication/route-event.js';
import { RoutePublisher } from '../cluster/replication/route-publisher.js';
import { WatchedTable } from '../cluster/replication/watched-table.js';
import { Lifecycle } from '../transport/lifecycle.js';
import { GatewayRoutes } from './gateway-routes.js';
import { RouteList } from './route-list.js';

describe('the table of a process, as gateways ask for it', () => {
  let now: number;
  let feed: FakeFeed;
  let publisher: RoutePublisher;
  let own: WatchedTable;
  let lifecycle: Lifecycle;
  let list: RouteList;

  beforeEach(() => {
    now = 100_000;
    own = new WatchedTable({ clock: { now: () => now }, bound: 30_000 });
    feed = new FakeFeed().put(aRow('a', 's', { leasesEndBy: now + 5_000 }));
    publisher = new RoutePublisher(feed);
    publisher.join({ isFree: true, send: (event: RouteEvent) => own.table.take(event, now) }, null, now);
    lifecycle = new Lifecycle();
    list = new RouteList(new GatewayRoutes(lifecycle, new Terms(lifecycle), own));
  });

  const tell = (): void => publisher.changed(...feed.takeChanges(), now);
  const read = (has?: string) => list.read(has, new AbortController().signal);

  it('says what is left of leases that a drain cuts', async () => {
    now += 2_000;
    const { tag, text } = await read();
    const { routes } = routeTableSchema.parse(JSON.parse(text!));
    expect([tag, routes.map(({ leasesEndInMs }) => leasesEndInMs)]).toEqual(['"1-1"', [3_000]]);
  });

  it('is one version whole, whatever changes while it is written', async () => {
    for (let nth = 0; nth < 10_000; nth += 1) feed.put(aRow(`m${nth}`, 's'));
    tell();
    const { version } = own.table;
    const reading = read();
    setImmediate(() => {
      for (let nth = 0; nth < 5_000; nth += 1) feed.drop(aRow(`m${nth}`, 's').id);
      tell();
    });
    const { tag, text } = await reading;
    const { routes, routeVersion } = routeTableSchema.parse(JSON.parse(text!));
    expect(tag).toBe(`"${routeVersion.term}-${routeVersion.sequence}"`);
    expect(routes).toHaveLength(Number(routeVersion.sequence) === version.sequence ? 10_001 : 5_001);
  });

  it('is told again where a server has changed within its version', async () => {
    const { tag } = await read();
    expect(await read(tag)).toEqual({ tag, text: null });
    feed.setServer('s' as never);
    tell();
    for (let nth = 0; nth < 2; nth += 1) expect((await read(tag)).text).not.toBeNull();
    feed.put(aRow('b', 's'));
    tell();
    const later = (await read(tag)).tag;
    expect([later, (await read(later)).text]).toEqual(['"1-2"', null]);
  });

  it('is told again to a caller that has its version from another process', async () => {
    expect((await read('"1-1"')).text).not.toBeNull();
    expect((await read('"1-1"')).text).toBeNull();
  });

  it('is told again as long as the leader has not looked at all servers', async () => {
    feed.setServer('t' as never, false);
    tell();
    for (let nth = 0; nth < 2; nth += 1) expect((await read('"1-1"')).text).not.toBeNull();
  });

  it.each(['told', 'not told again'])('has unloads wait for who asked, where it is %s', async (how) => {
    const { tag } = await read();
    now += 60_000;
    own.gateways.tick(now);
    expect(own.gateways.size).toBe(0);
    feed.renewedAgo = 0;
    publisher.beat(now);
    await read(how === 'told' ? undefined : tag);
    expect([own.gateways.size, own.gateways.settled(now)]).toEqual([1, { term: 1, sequence: 1 }]);
  });

  it('is refused where it is out of date, and where the process ends', async () => {
    now += 31_000;
    await expect(read()).rejects.toMatchObject({ facts: { reason: 'no_leader' } });
    lifecycle.end();
    await expect(read()).rejects.toMatchObject({ facts: { reason: 'shutting_down' } });
    expect(own.gateways.size).toBe(0);
  });
});
