import type { Timers } from '#triton-simulator';
import type { Trail } from '../trail.js';
import type { Peer } from './peer.js';
import type { SimRedis } from './redis/sim-redis.js';

/** A leader that has run for so long without a pause has had its lease renewed, where Redis let it. */
const UNDISTURBED = 40_000;

/** Which peer leads, in which term, and that no leader changes without need. */
export class Succession {
  terms = 0;
  /** The highest term that has begun. */
  private begunBy = 0;
  private leader: Peer | null = null;

  constructor(
    private readonly timers: Timers,
    private readonly trail: Trail,
    private readonly redis: SimRedis,
    private readonly onChange: () => void,
  ) {}

  begins(term: number, peer: Peer): void {
    const { leader: before, begunBy, trail } = this;
    trail.note(`${peer.name} leads, term ${term}`);
    trail.expect(term > begunBy, () => `${peer.name} leads in term ${term} after term ${begunBy}`);
    trail.expect(before === null || this.hasNeed(before), () => `${peer.name} leads without need`);
    this.begunBy = Math.max(begunBy, term);
    this.terms += 1;
    this.leader = peer;
    this.onChange();
  }

  /** While Redis is away, or can confirm nothing, its leader cannot renew: that is no reason. */
  private hasNeed(before: Peer): boolean {
    const since = this.timers.now() - UNDISTURBED;
    return !before.isAlive || before.process.resumedAt > since || this.redis.disturbedAt > since;
  }
}
