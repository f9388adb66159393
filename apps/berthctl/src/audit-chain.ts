import { auditHash, type AuditRecordMessage, MOST_AUDIT_RECORDS, NO_HASH } from '#contracts';

/** What a look at all records came to. Numbers and hashes are null where there is no record. */
export interface AuditVerdict {
  readonly records: number;
  readonly oldest: string | null;
  readonly latest: string | null;
  /** Of the newest record. Noted elsewhere, it shows later whether that record was changed. */
  readonly hash: string | null;
  /** The first break in the order of the numbers; null: there is none. */
  readonly broken: string | null;
}

/** Follows the audit from its newest record back to the oldest one that is kept, and holds no more than the last it saw. */
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

  /** `newestNow` is the newest record once all were taken: meanwhile Berth may have written some, and dropped old ones. */
  end(newestNow: AuditRecordMessage | null): AuditVerdict {
    const { records, newest, oldest } = this;
    return {
      records,
      oldest: oldest?.number ?? null,
      latest: newest?.number ?? null,
      hash: newest ? auditHash(newest) : null,
      broken: (oldest && newestNow && breakBefore(oldest, newestNow)) ?? this.broken,
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

/** Berth drops records only where it has more than it keeps. */
function breakBefore(
  { number, previousHash }: AuditRecordMessage,
  newest: AuditRecordMessage,
): string | null {
  const dropped = BigInt(newest.number) - BigInt(MOST_AUDIT_RECORDS);
  const first = dropped > 0n ? dropped + 1n : 1n;
  if (BigInt(number) > first) return `record ${BigInt(number) - 1n} is missing`;
  if (number === '1' && previousHash !== NO_HASH) return 'record 1 names a record before it';
  return null;
}
