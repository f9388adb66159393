/** A peer that does nothing but follow: it watches the routes of the leader at the address that it is given, and acknowledges. */
import { pino } from 'pino';
import { RouteClient } from '../../../apps/scheduler/src/cluster/replication/route-client.js';
import { WatchedTable } from '../../../apps/scheduler/src/cluster/replication/watched-table.js';

const [, , grpc = '', name = ''] = process.argv;
const BOUND = 30_000;

const clock = { now: (): number => performance.now() };
const own = new WatchedTable({ clock, bound: BOUND });
const client = new RouteClient(
  { peer: 'leader', term: 1, grpc, http: '' },
  {
    ...{ name, clock, own, trust: { ca: null, isTls: false }, headers: () => ({}), configHash: () => '' },
    log: pino({ level: 'silent' }),
    onEvent: () => undefined,
  },
);
process.once('SIGTERM', () => void client.close(false).then(() => process.exit()));
process.stdout.write('following\n');
