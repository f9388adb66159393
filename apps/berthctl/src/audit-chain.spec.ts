import { describe, expect, it } from '@jest/globals';
import { auditHash, type AuditRecordMessage, NO_HASH } from '#contracts';
import { AuditChain, type AuditHead } from './audit-chain.js';

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

const headOf = (records: readonly AuditRecordMessage[]): AuditHead => ({
  first: records[0]?.number ?? '1',
  newest: records.at(-1)?.number ?? '0',
  hash: records.length > 0 ? auditHash(records.at(-1)!) : NO_HASH,
});

function verdictOn(records: readonly AuditRecordMessage[], before?: AuditHead, after = before) {
  const chain = new AuditChain();
  for (const record of records.toReversed()) chain.takeOlder(record);
  return chain.end(before, after);
}

describe('the chain of the audit', () => {
  it('holds where each record follows the one before', () => {
    const records = chainOf(5);
    const hash = auditHash(records[4]!);
    expect(verdictOn(records, headOf(records))).toEqual({
      ...{ records: 5, oldest: '1', newest: '5', hash, broken: null },
    });
    expect(verdictOn([], headOf([]))).toMatchObject({ records: 0, hash: null, broken: null });
  });

  it('holds where Berth has dropped old records, also while they were read', () => {
    const records = chainOf(3, 100_001);
    const [before, from] = [headOf(records), (first: string) => ({ ...headOf(records), first })];
    expect(verdictOn(records, before).broken).toBeNull();
    expect(verdictOn(records.slice(1), before, from('100002')).broken).toBeNull();
    expect(verdictOn(records, from('100000')).broken).toBe('record 100000 is missing');
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
    const head = { ...headOf(records), first: '1' };
    expect(verdictOn(records.slice(2), head).broken).toBe('record 2 is missing');
    expect(verdictOn(records.toSpliced(2, 0, records[2]!)).broken).toBe('record 3 follows record 3');
    expect(verdictOn([{ ...records[0]!, previousHash: 'e'.repeat(64) }], headOf([])).broken).toBe(
      'record 1 names a record before it',
    );
  });

  it('tells a tail that is missing and a newest record that was changed, where Berth says which was the last', () => {
    const records = chainOf(5);
    const head = headOf(records);
    expect(verdictOn(records.slice(0, 3), head).broken).toBe('record 4 is missing');
    expect(verdictOn([], head).broken).toBe('record 1 is missing');
    const changed = records.with(4, { ...records[4]!, credential: 'another' });
    expect(verdictOn(changed, head).broken).toBe('record 5 is not the one that was written last');
    expect(verdictOn(changed).broken).toBeNull();
  });
});
