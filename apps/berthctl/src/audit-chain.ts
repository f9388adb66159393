import { auditHash, type AuditPageMessage, type AuditRecordMessage, NO_HASH } from '#contracts';

/** Where Berth says that a chain stands. */
export type AuditHead = AuditPageMessage['head'];

/** What a look at all records came to. Numbers and hashes are null where there is no record. */
export interface AuditVerdict {
  readonly records: number;
  readonly oldest: string | null;
  readonly newest: string | null;
  /** Of the newest record. Noted elsewhere, it shows later whether that record was changed. */
  readonly hash: string | null;
  /** The first break in the order of the numbers; null: there is none. */
  readonly broken: string | null;
}

/** Follows a chain of the audit from its newest record back to the oldest one that is kept. It holds those two records alone. */
export class AuditChain {
  private records = 0;
  private newest: AuditRecordMessage | undefined;
  private oldest: AuditRecordMessage | undefined;
  private broken: string | null = null;

  /** Takes the record before the one that was taken last. */
  takeOlder(record: AuditRecordMessage): void {
    const later = this.oldest;
    if (later) this.broken = breakBetween(record, later) ?? this.broken;
    this.records += 1;
    this.newest ??= record;
    this.oldest = record;
  }

  /**
   * `before`: where the chain stood as its newest record was read. `after`: where it stands once all were taken, as Berth may
   * have dropped old records meanwhile. Without them what is missing at either end is not noticed.
   */
  end(before: AuditHead | undefined, after: AuditHead | undefined): AuditVerdict {
    const { records, newest, oldest } = this;
    return {
      records,
      oldest: oldest?.number ?? null,
      newest: newest?.number ?? null,
      hash: newest ? auditHash(newest) : null,
      broken: breakBefore(oldest, after) ?? this.broken ?? breakAfter(newest, before),
    };
  }
}

function breakBetween(record: AuditRecordMessage, later: AuditRecordMessage): string | null {
  const expected = BigInt(later.number) - 1n;
  if (BigInt(record.number) < expected) return `record ${expected} is missing`;
  if (BigInt(record.number) > expected) return `record ${record.number} follows record ${later.number}`;
  if (auditHash(record) === later.previousHash) return null;
  return `record ${record.number} is not the one that record ${later.number} was written after`;
}

function breakBefore(oldest: AuditRecordMessage | undefined, head: AuditHead | undefined): string | null {
  if (!oldest || !head) return null;
  const { number, previousHash } = oldest;
  if (BigInt(number) > BigInt(head.first)) return `record ${BigInt(number) - 1n} is missing`;
  if (number === '1' && previousHash !== NO_HASH) return 'record 1 names a record before it';
  return null;
}

function breakAfter(newest: AuditRecordMessage | undefined, head: AuditHead | undefined): string | null {
  if (!head) return null;
  const next = newest ? BigInt(newest.number) + 1n : BigInt(head.first);
  if (next <= BigInt(head.newest)) return `record ${next} is missing`;
  if (!newest || auditHash(newest) === head.hash) return null;
  return `record ${newest.number} is not the one that was written last`;
}
