import { auditHash, MOST_AUDIT_RECORDS, NO_HASH } from '#contracts';
import type { Declarations, ToldAudit, ToldAuditHead, ToldChange } from '#engine';
import type { WallClock } from '../wall-times.js';

const EMPTY: ToldAuditHead = { first: 1, next: 1, hash: NO_HASH };

/** What an audit record says beside the time and the chain. */
export type Audited = Omit<ToldAudit, 'number' | 'at' | 'previousHash'>;

/** What the records are kept with. */
export interface AuditParts {
  readonly store: Pick<Declarations, 'auditHead' | 'auditRecord'>;
  readonly wallNow: WallClock;
  /** Hears how many records were stored. */
  readonly onWritten?: (count: number) => void;
  /** How many records are kept, where it is not `MOST_AUDIT_RECORDS`. */
  readonly most?: number;
}

/**
 * A chain of records of changes and their callers: each has the hash of the one before. The records are in the store, where
 * they are written in one batch with what they are about; in memory is only where the chain stands.
 */
export class Audit {
  /** Undefined: not read yet, or a write failed that may have been stored all the same. */
  private known: ToldAuditHead | undefined;

  constructor(private readonly parts: AuditParts) {}

  /** Where the chain stands. Rejects as the store does, also where what it holds makes no sense. */
  async head(): Promise<ToldAuditHead> {
    return (this.known ??= (await this.parts.store.auditHead()) ?? EMPTY);
  }

  /** A record by its number; undefined where it is not kept any more, or not there yet. */
  record(number: number): Promise<ToldAudit | undefined> {
    return this.parts.store.auditRecord(number);
  }

  /** What has to be stored with a write so that it is audited; the oldest records make room. */
  async changesFor(audited: readonly Audited[]): Promise<readonly ToldChange[]> {
    if (audited.length === 0) return [];
    const head = await this.head();
    const at = new Date(this.parts.wallNow()).toISOString();
    let { hash, next } = head;
    const added = audited.map((one): ToldChange => {
      const value: ToldAudit = { number: String(next), at, ...one, previousHash: hash };
      hash = auditHash(value);
      return { kind: 'audit', number: next++, value };
    });
    const first = Math.max(head.first, next - (this.parts.most ?? MOST_AUDIT_RECORDS));
    return [...added, ...dropped(head.first, first), { kind: 'auditHead', value: { first, next, hash } }];
  }

  /** Follows what was stored. */
  follow(changes: readonly ToldChange[]): void {
    const written = changes.filter(({ kind, value }) => kind === 'audit' && value !== null).length;
    for (const change of changes) if (change.kind === 'auditHead') this.known = change.value;
    if (written > 0) this.parts.onWritten?.(written);
  }

  /** A write failed, and may be stored all the same: where the chain stands is read anew. */
  doubt(): void {
    this.known = undefined;
  }
}

function dropped(from: number, to: number): ToldChange[] {
  return Array.from({ length: to - from }, (_, nth) => ({ kind: 'audit', number: from + nth, value: null }));
}
