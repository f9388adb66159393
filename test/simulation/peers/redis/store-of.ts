import type { Election, Lease, LeaseKeeper } from '#engine';
import type { Rows, RowWrite, Written } from '#store';
import { keysOf, RedisLease, RedisRows } from '#store-redis';
import { Random } from '../../random.js';
import type { Process } from '../../process.js';
import type { Scenery } from '../scenery.js';
import { SimConnection } from './sim-connection.js';

const KEYS = keysOf('berth');
const FLEET = 'berth';
/** As libs/store-redis has it for commands about the lease, and about rows. */
const LEASE_PATIENCE = 1_000;
const ROWS_PATIENCE = 2_000;
const LEASES = 'learned/leases/';

/** Redis as one life of a peer has it: the product's lease and rows, over simulated connections. */
export class PeersRedis {
  readonly leaseKeeper: LeaseKeeper;
  private readonly forRows: SimConnection;

  constructor(
    private readonly scenery: Scenery,
    private readonly process: Process,
    peer: string,
    life: number,
  ) {
    const { redis, agenda: world, plan } = scenery;
    const connection = (what: string, patience: number): SimConnection => {
      const random = new Random(plan.seed, `redis ${peer} ${life} ${what}`);
      return new SimConnection({ redis, process, peer, random, world }, patience);
    };
    this.forRows = connection('rows', ROWS_PATIENCE);
    const lease = new RedisLease(connection('lease', LEASE_PATIENCE), KEYS, FLEET, 1, () => process.now());
    this.leaseKeeper = this.watched(lease);
  }

  /** Rejects as the product's rows do. */
  async rowsOf(term: number, election: Pick<Election, 'noteTerm' | 'endTerm'>): Promise<Rows> {
    const onLoss = (writes: number): void => this.scenery.trail.note(`${writes} writes were lost`);
    const place = 'the simulated Redis';
    const onHigherTerm = (higher: number): void => election.noteTerm(higher);
    const onFound = (): void => {
      this.scenery.trail.note(`a refused write is stored: term ${term} ends`);
      election.endTerm(term);
    };
    const news = { term, place, onHigherTerm, onFound, onLoss };
    const rows = await RedisRows.open(this.forRows, KEYS, news, () => this.process.now());
    return {
      place,
      read: (prefix) => rows.read(prefix),
      get: (key) => rows.get(key),
      write: async (batch) => this.noted(batch, await rows.write(batch)),
      close: () => rows.close(),
    };
  }

  /** The referee hears which long leases a takeover has to keep. */
  private noted(batch: readonly RowWrite[], written: Written): Written {
    if (written.durable)
      for (const { key, text } of batch)
        if (key.startsWith(LEASES) && text !== null)
          this.scenery.referee.leases.keep(key.slice(LEASES.length), JSON.parse(text));
    return written;
  }

  /** The referee hears when the leader's lease was last renewed. */
  private watched(keeper: LeaseKeeper): LeaseKeeper {
    const { referee } = this.scenery;
    return {
      read: () => keeper.read(),
      acquire: async (claim) => {
        const sentAt = this.process.now();
        const claimed = await keeper.acquire(claim);
        if (claimed.outcome === 'acquired' && claimed.isConfirmed) referee.renewed(sentAt);
        return claimed;
      },
      renew: async (lease: Lease) => {
        const sentAt = this.process.now();
        const renewed = await keeper.renew(lease);
        if (renewed === 'confirmed') referee.renewed(sentAt);
        return renewed;
      },
      release: (lease) => keeper.release(lease),
    };
  }
}
