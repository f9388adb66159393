import { auditHash, NO_HASH } from '#contracts';
import type {
  AuditChain,
  AuditedThing,
  Declarations,
  AuditRow,
  AuditHeadRow,
  DeclarationChange,
} from '#engine';
import type { WallClock } from '../../transport/wall-times.js';

const EMPTY: AuditHeadRow = { first: 1, next: 1, hash: NO_HASH };

/** How many records of a chain are kept, the newest ones, and how many things a record names. A batch has 1,000 at most. */
const BOUNDS = {
  admins: { records: 100_000, things: 1_000 },
  programs: { records: 20_000, things: 20 },
} as const;

/** What a write is audited with, beside the time and the chain of hashes. Without things it has no record. */
export interface Audited {
  readonly chain: AuditChain;
  readonly by: Pick<AuditRow, 'credential' | 'source' | 'operation'>;
  readonly things: readonly AuditedThing[];
}

/** The store of the records, the clock that dates them, and what hears of each. */
export interface AuditParts {
  readonly store: Pick<Declarations, 'auditHead' | 'auditRecord'>;
  readonly wallNow: WallClock;
  /** Hears that a record was stored. */
  readonly onWritten?: () => void;
}

/**
 * Chains of records of changes and their callers: each has the hash of the one before. The records are in the store, where
 * they are written in one batch with what they are about; in memory is only where the chains stand.
 */
export class Audit {
  /** A chain is missing here until it is read, and again after a failed write, which may have been stored all the same. */
  private readonly known = new Map<AuditChain, AuditHeadRow>();

  constructor(private readonly parts: AuditParts) {}

  /** Where a chain stands. Rejects as the store does, also where what it holds makes no sense. */
  async head(chain: AuditChain): Promise<AuditHeadRow> {
    const known = this.known.get(chain) ?? (await this.parts.store.auditHead(chain)) ?? EMPTY;
    this.known.set(chain, known);
    return known;
  }

  /** A record by its number; undefined where it is not kept any more, or not there yet. */
  record(chain: AuditChain, number: number): Promise<AuditRow | undefined> {
    return this.parts.store.auditRecord(chain, number);
  }

  /** What has to be stored with a write so that it is audited; the oldest records make room. */
  async changesFor({ chain, by, things: [thing, ...rest] }: Audited): Promise<readonly DeclarationChange[]> {
    if (thing === undefined) return [];
    const head = await this.head(chain);
    const { next: number } = head;
    const others = rest.slice(0, BOUNDS[chain].things - 1);
    const more = rest.length - others.length;
    const value: AuditRow = {
      ...{ number: String(number), at: new Date(this.parts.wallNow()).toISOString(), ...by, ...thing },
      ...(others.length > 0 && { others }),
      ...(more > 0 && { more }),
      previousHash: head.hash,
    };
    const next = number + 1;
    const first = Math.max(head.first, next - BOUNDS[chain].records);
    return [
      { kind: 'audit', chain, number, value },
      ...dropped(chain, head.first, first),
      { kind: 'auditHead', chain, value: { first, next, hash: auditHash(value) } },
    ];
  }

  /** Follows what was stored. */
  follow(changes: readonly DeclarationChange[]): void {
    for (const change of changes) {
      if (change.kind !== 'auditHead') continue;
      this.known.set(change.chain, change.value);
      this.parts.onWritten?.();
    }
  }

  /** A write failed, but may have been stored: the next call reads anew where its chain stands. */
  doubt(): void {
    this.known.clear();
  }
}

function dropped(chain: AuditChain, from: number, to: number): DeclarationChange[] {
  return Array.from({ length: to - from }, (_, nth) => ({
    ...{ kind: 'audit', chain, number: from + nth, value: null },
  }));
}
