import { Random } from '../random.js';
import type { Peer } from './peer.js';
import type { DatedTrouble } from './peers-plan.js';
import type { Scenery } from './scenery.js';

/** Has what a plan says go wrong. */
export class Troubles {
  private readonly random: Random;

  constructor(
    private readonly scenery: Scenery,
    private readonly peers: ReadonlyMap<string, Peer>,
    private readonly start: (name: string) => void,
  ) {
    this.random = new Random(scenery.plan.seed, 'troubles');
  }

  befall(trouble: DatedTrouble): void {
    const { redis, trail } = this.scenery;
    trail.note(JSON.stringify(trouble));
    switch (trouble.kind) {
      case 'failOver':
        return redis.failOver();
      case 'emptied':
        return redis.empty();
      case 'redisKilled':
        return redis.kill(trouble.ms);
      case 'redisPaused':
        return redis.pause(trouble.ms);
      case 'redisParted':
        return redis.part(new Set([this.victim('leader').name]), trouble.ms);
      case 'unconfirmed':
        return redis.cutReplicas(trouble.ms);
      case 'redisAway':
        return redis.goAway(trouble.ms);
      case 'serverKilled':
      case 'serverParted':
        return this.befallServer(trouble.kind, trouble.ms);
      default:
        return this.befallPeer(this.victim(trouble.whom), trouble.kind, trouble.ms);
    }
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
}
