import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '#config';
import type { Warmups } from '#engine';
import { Metrics } from '#telemetry';
import { Following } from '../cluster/leadership/following.js';
import { LeaderLoop } from '../cluster/leadership/leader-loop.js';
import type { Peers } from '../cluster/leadership/peers.js';
import { Terms } from '../cluster/leadership/per-term.js';
import { WatchedTable } from '../cluster/replication/watched-table.js';
import { EventDispatcher } from '../integrations/events/event-dispatcher.js';
import { PeerKey } from '../transport/access/peer-key.js';
import { Lifecycle } from '../transport/lifecycle.js';
import { PressureMonitor } from '../transport/limits/pressure-monitor.js';
import { openOwnStore } from './demo-store.js';
import type { Dependencies } from './dependencies.js';
import { PresentConfig } from './present-config.js';
import type { Listening } from './serve.js';
import { LeaderTerm } from './term/leader-term.js';
import type { SharedByTerms } from './term/term-inputs.js';

/** What decides in a process, at times or for as long as it runs. */
export interface Deciding {
  /** Null: the process has none. */
  readonly peers: Peers | null;
  readonly warmups: Warmups;
  /** Decides no more: every request that waits is answered. */
  stop(): Promise<void>;
  /** Ends the rest, once all calls have ended. */
  close(): Promise<void>;
}

/** Leads for as long as the process runs. Leaves nothing open where it rejects. */
export async function leadAlone(
  app: NestFastifyApplication,
  config: Config,
  outside: Dependencies,
): Promise<Deciding> {
  const { store, demo } = await openOwnStore(config, outside);
  const warmups = await store.openWarmups().catch(async (error: unknown) => {
    await demo?.close();
    await store.close();
    throw error;
  });
  const term = await LeaderTerm.begin(sharedBy(app, outside, warmups), config, store, null, demo);
  app.get(Terms).leading = term;
  return {
    peers: null,
    warmups,
    stop: async () => {
      // Loads that warm-ups wait for have not ended: the next life waits for them again.
      void warmups.close();
      await term.stop('shutting_down');
    },
    close: () => term.close(),
  };
}

/** Leads when it is this process' turn, and follows the leader otherwise. Peers are told where this process listens. */
export async function joinPeers(
  app: NestFastifyApplication,
  outside: Dependencies,
  openPeers: NonNullable<Dependencies['openPeers']>,
  listening: Listening,
): Promise<Deciding> {
  const { log } = outside;
  const [metrics, terms, present] = [app.get(Metrics), app.get(Terms), app.get(PresentConfig)];
  const peers = await openPeers(listening, (count) => tellLost(app, log, count));
  const { candidate, name, warmups } = peers;
  metrics.leadership.followTerm(() => candidate.present?.term ?? 0);
  const config = (): Config => present.now;
  const following = new Following({
    ...{ config, log, metrics, peers, clock: outside.clock, openServer: outside.openServer },
    lifecycle: app.get(Lifecycle),
    peerKey: app.get(PeerKey),
    routes: app.get(WatchedTable),
  });
  terms.following = following;
  const shared = sharedBy(app, outside, warmups);
  const loop = new LeaderLoop({
    ...{ config, log, metrics, peers, terms },
    begin: async (won) =>
      await LeaderTerm.begin(shared, config(), await peers.openStore(won.leadership), { ...won, name }),
  });
  return {
    ...{ peers, warmups },
    stop: async () => {
      const warmupsClosed = warmups.close();
      following.end();
      await loop.close();
      await warmupsClosed;
    },
    close: async () => {
      await following.close();
      await peers.close();
    },
  };
}

const sharedBy = (app: NestFastifyApplication, outside: Dependencies, warmups: Warmups): SharedByTerms => ({
  ...{ outside, warmups },
  metrics: app.get(Metrics),
  pressure: app.get(PressureMonitor),
  routes: app.get(WatchedTable),
});

/** Tells how many writes the store has lost, and which events were among them. */
function tellLost(app: NestFastifyApplication, log: Dependencies['log'], count: number): void {
  app.get(Metrics).leadership.writesLost(count);
  app
    .get(Terms)
    .leading?.get(EventDispatcher)
    .forgetLost()
    .catch((error: unknown) => {
      log.error({ err: error }, 'which events the store has lost is not known: it cannot be read');
    });
}
