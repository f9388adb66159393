import type { Logger } from 'pino';
import { type Config, isWildcard } from '#config';
import type { Access } from '#access';
import { ELECTION_PROFILES, type Warmups } from '#engine';
import { Metrics } from '#telemetry';
import { WatchedTable } from '../following/watched-table.js';
import { PeerKey } from '../forwarding/peer-key.js';
import { KnownCallers } from '../known-callers.js';
import { Lifecycle } from '../lifecycle.js';
import type { SchedulerParts } from '../parts.js';
import { PressureMonitor } from '../pressure/pressure-monitor.js';
import { Certificates } from '../tls/certificates.js';
import { Unfinished } from '../unfinished.js';
import { Untaken } from '../untaken.js';
import { Signatures } from '../webhooks/signatures.js';

/** What outlives the reigns of a process: it is there whether this process leads or not. */
export interface Lasting {
  readonly access: Access;
  readonly callers: KnownCallers;
  /** Null: both ports are served in the clear. */
  readonly certificates: Certificates | null;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly peerKey: PeerKey;
  readonly pressure: PressureMonitor;
  /** The table of routes of this process, and the gateways that watch it. */
  readonly routes: WatchedTable;
  readonly signatures: Signatures;
  readonly unfinished: Unfinished;
  readonly untaken: Untaken;
}

/** What a scheduler is made of, with what outlives the reigns. */
export type CompleteParts = SchedulerParts & { readonly lasting: Lasting; readonly warmups: Warmups };

/** Makes it. Rejects with `AdminKeyUnusable` or `TlsUnusable`. */
export async function lastingOf(config: Config, parts: SchedulerParts): Promise<Lasting> {
  const { clock, gauge, log, wallNow, processMetrics: process } = parts;
  const { insecureListen } = config;
  const callers = await KnownCallers.of(config, parts);
  const certificates = await certificatesOf(config, parts);
  const metrics = new Metrics({ now: () => clock.now(), process, isInsecureListen: insecureListen });
  tellExpiry(certificates, metrics);
  return {
    access: parts.access ?? callers.access,
    ...{ callers, certificates, log, metrics },
    lifecycle: new Lifecycle(),
    peerKey: new PeerKey(config.peer.key),
    routes: new WatchedTable({ clock, bound: 2 * leaseOf(config) }),
    pressure: new PressureMonitor(gauge, config.limits.shedAtLagMs, log),
    signatures: new Signatures(config.webhooks.fleet.secrets, wallNow),
    unfinished: new Unfinished(),
    untaken: new Untaken(),
  };
}

/** How long a lease is good; without peers there is none. */
const leaseOf = (config: Config): number => ELECTION_PROFILES[config.redis?.profile ?? 'default'].lease;

async function certificatesOf(
  config: Config,
  { log, wallNow: now }: SchedulerParts,
): Promise<Certificates | null> {
  const { tls, names, data: folder, fleet, http, grpc } = config;
  if (tls === null) return null;
  const hosts = [http.host, grpc.host].filter((host) => !isWildcard(host));
  return await Certificates.open({
    tls: { ...tls, names: [...names, ...hosts] },
    folder,
    fleet,
    log,
    now,
  });
}

/** Has the metrics tell when the certificate expires, that of now and each one after it. */
function tellExpiry(certificates: Certificates | null, metrics: Metrics): void {
  if (certificates === null) return;
  const tell = (): void => metrics.counts.certificateExpires.set(certificates.expiresAt / 1_000);
  tell();
  certificates.follow(tell);
}
