import { Random } from '../random.js';
import type { Gateway } from './outside/gateway.js';
import type { Peer } from './peer.js';
import type { DatedTrouble, TroubleOfRedis } from './peers-plan.js';
import type { Scenery } from './scenery.js';

/** So long after a torn Redis has healed what one side has told is good still: its table for 30 s, and leases by it for 10 s more. */
const HEALED = 40_000;

/** Has what a plan says go wrong. */
export class Troubles {
  private readonly random: Random;

  constructor(
    private readonly scenery: Scenery,
    private readonly peers: ReadonlyMap<string, Peer>,
    private readonly gateways: readonly Gateway[],
    /** Starts a peer again. */
    private readonly start: (name: string) => void,
    /** Redis loses what it had confirmed. */
    private readonly onLoss: () => void,
  ) {
    this.random = new Random(scenery.plan.seed, 'troubles');
  }

  befall(trouble: DatedTrouble): void {
    this.scenery.trail.note(JSON.stringify(trouble));
    switch (trouble.kind) {
      case 'serverKilled':
      case 'serverParted':
        return this.befallServer(trouble.kind, trouble.ms);
      case 'gatewayCut':
      case 'gatewayDeaf':
        return this.befallGateway(trouble.kind, trouble.ms);
      case 'paused':
      case 'crashed':
      case 'stopped':
      case 'isolated':
        return this.befallPeer(this.victim(trouble.whom), trouble.kind, trouble.ms);
      default:
        return this.befallRedis(trouble);
    }
  }

  private befallRedis(trouble: TroubleOfRedis): void {
    const { redis } = this.scenery;
    switch (trouble.kind) {
      case 'failOver':
        return redis.failOver();
      case 'emptied':
        this.onLoss();
        return redis.empty();
      case 'redisKilled':
        return redis.kill(trouble.ms);
      case 'redisPaused':
        return redis.pause(trouble.ms);
      case 'redisParted':
        return redis.part(this.smallSide(), trouble.ms, false);
      case 'redisTorn':
        return this.tear(trouble.ms);
      case 'unconfirmed':
        return redis.cutReplicas(trouble.ms);
      case 'redisAway':
        return redis.goAway(trouble.ms);
    }
  }

  /** Until the leader on the small side has heard that it is none, what must never happen among peers may. */
  private tear(ms: number): void {
    const { redis, referee, sites } = this.scenery;
    referee.excuse(ms + HEALED);
    for (const site of sites.values()) site.isMuddled = true;
    this.onLoss();
    redis.part(this.smallSide(), ms, true);
    this.scenery.agenda.after(ms, () => this.onLoss());
  }

  /** The peers that stay with the old master: mostly the leader, and now and then another one. */
  private smallSide(): ReadonlySet<string> {
    const names: string[] = [];
    if (this.random.chance(0.8)) names.push(this.victim('leader').name);
    if (names.length === 0 || this.random.chance(0.3)) names.push(this.victim('any').name);
    return new Set(names);
  }

  private victim(whom: 'leader' | 'any'): Peer {
    const all = [...this.peers.values()];
    const leader = whom === 'leader' ? all.find(({ lead }) => lead !== null) : undefined;
    return leader ?? this.random.pick(all);
  }

  private befallPeer(peer: Peer, kind: 'paused' | 'crashed' | 'stopped' | 'isolated', ms: number): void {
    if (!peer.isAlive || peer.process.isPaused) return;
    this.scenery.trail.note(`${peer.name} is ${kind}`);
    if (kind === 'paused') return peer.process.pause(ms);
    if (kind === 'isolated') return this.scenery.network.isolate(peer.name, ms);
    peer[kind === 'crashed' ? 'crash' : 'stop']();
    this.scenery.agenda.after(ms, () => this.start(peer.name));
  }

  private befallServer(kind: 'serverKilled' | 'serverParted', ms: number): void {
    const { agenda, sites } = this.scenery;
    const site = this.random.pick([...sites.values()]);
    if (kind === 'serverParted') return site.partition.begin(agenda.now(), ms);
    site.sim.kill();
    agenda.after(ms, () => site.sim.start());
  }

  private befallGateway(kind: 'gatewayCut' | 'gatewayDeaf', ms: number): void {
    if (this.gateways.length === 0) return;
    const gateway = this.random.pick(this.gateways);
    if (kind === 'gatewayDeaf') gateway.deafen(ms);
    else this.scenery.network.isolate(gateway.name, ms);
  }
}
