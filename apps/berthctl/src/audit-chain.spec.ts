import { describe, expect, it } from '@jest/globals';
import { auditHash, type AuditRecordMessage, NO_HASH } from '#contracts';
import { AuditChain } from './audit-chain.js';

/** A chain of so many records, the oldest first. */
function chainOf(length: number, from = 1): AuditRecordMessage[] {
  const records: AuditRecordMessage[] = [];
  let previousHash = from === 1 ? NO_HASH : 'f'.repeat(64);
  for (let number = from; number < from + length; number += 1) {
    const record: AuditRecordMessage = {
      number: String(number),
      at: '2026-01-31T12:00:00.000Z',
      credential: 'anonymous',
      source: null,
      operation: 'PUT /v1/models/m',
      forced: false,
      subject: { kind: 'model', name: 'm' },
      revisionBefore: String(number - 1),
      revisionAfter: String(number),
      previousHash,
    };
    previousHash = auditHash(record);
    records.push(record);
  }
  return records;
}

function verdictOn(records: readonly AuditRecordMessage[], newestNow = records.at(-1)) {
  const chain = new AuditChain();
  for (const record of records.toReversed()) chain.takeOlder(record);
  return chain.end(newestNow ?? null);
}

describe('the chain of the audit', () => {
  it('holds where each record follows the one before', () => {
    const records = chainOf(5);
    const hash = auditHash(records[4]!);
    expect(verdictOn(records)).toEqual({ records: 5, oldest: '1', latest: '5', hash, broken: null });
    expect(verdictOn([])).toMatchObject({ records: 0, hash: null, broken: null });
  });

  it('holds where Berth has dropped old records, also while they were read', () => {
    const records = chainOf(3, 100_001);
    const dropped = (number: string) => ({ ...records[2]!, number });
    expect(verdictOn(records, dropped('200000')).broken).toBeNull();
    expect(verdictOn(records, dropped('200007')).broken).toBeNull();
    expect(verdictOn(records, dropped('199999')).broken).toBe('record 100000 is missing');
  });

  it('tells the first record that was changed, whatever was changed in it', () => {
    for (const change of [
      { credential: 'another' },
      { at: '2026-01-31T12:00:01.000Z' },
      { revisionAfter: null },
      { forced: true },
      { subject: { kind: 'model', name: 'n' } },
      { previousHash: 'e'.repeat(64) },
    ] as const) {
      const records = chainOf(6);
      records[2] = { ...records[2]!, ...change };
      records[4] = { ...records[4]!, ...change };
      const first = 'previousHash' in change ? 2 : 3;
      expect(verdictOn(records).broken).toBe(
        `record ${first} is not the one that record ${first + 1} was written after`,
      );
    }
  });

  it('tells a record that is missing, in the middle or at the beginning, and one that is twice there', () => {
    const records = chainOf(5);
    expect(verdictOn(records.toSpliced(2, 1)).broken).toBe('record 3 is missing');
    expect(verdictOn(records.slice(2)).broken).toBe('record 2 is missing');
    expect(verdictOn(records.toSpliced(2, 0, records[2]!)).broken).toBe('record 3 follows record 3');
    expect(verdictOn([{ ...records[0]!, previousHash: 'e'.repeat(64) }]).broken).toBe(
      'record 1 names a record before it',
    );
  });
});
