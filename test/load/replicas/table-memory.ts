/** Writes how many MiB a follower's table of so many routes takes, once it is told all of them as over the wire. */
import { routerClientService } from '#contracts';
import { RouteTable } from '../../../apps/scheduler/src/cluster/replication/route-table.js';
import { RoutePublisher } from '../../../apps/scheduler/src/cluster/replication/route-publisher.js';
import { readEvent, type RouteEvent } from '../../../apps/scheduler/src/cluster/replication/route-event.js';
import { aRow, FakeFeed } from '../../support/fake-feed.js';

const [, , rows = '0'] = process.argv;
const SERVERS = 50;

const { responseSerialize, responseDeserialize } = routerClientService(Number)['WatchRoutes']!;
const overTheWire = (event: RouteEvent): RouteEvent =>
  readEvent(responseDeserialize(responseSerialize(event)) as RouteEvent);

function told(count: number): RouteTable {
  const table = new RouteTable({ now: () => performance.now(), bound: 30_000, isShown: () => false });
  const feed = new FakeFeed();
  for (let nth = 0; nth < count; nth += 1)
    feed.put(aRow(`a-model-with-a-usual-name-${nth}`, `server-${nth % SERVERS}`));
  feed.takeChanges();
  const line = { isFree: true, send: (event: RouteEvent) => table.take(overTheWire(event), 0) };
  new RoutePublisher(feed).join(line, null, 0);
  return table;
}

function usedMb(): number {
  for (let nth = 0; nth < 3; nth += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

told(1_000);
const before = usedMb();
const table = told(Number(rows));
process.stdout.write(`${usedMb() - before}\n`);
if (table.rows.size !== Number(rows)) throw new Error('the table is not whole');
