import { beforeEach, describe, expect, it } from '@jest/globals';
import { auditHash, NO_HASH } from '#contracts';
import type { ToldChange } from '#engine';
import { openStore, type Store, StoreUnavailable } from '#kept';
import { MemoryRows } from '#testing';
import { Audit, type Audited } from './audit.js';

const NOON = '2026-01-31T12:00:00.000Z';

describe('the audit', () => {
  let rows: MemoryRows;
  let store: Store;
  let audit: Audit;
  let counted: number;

  beforeEach(async () => {
    counted = 0;
    rows = new MemoryRows(new Map());
    store = await openStore(rows, { fleet: 'berth' });
    audit = begun(3);
  });

  it('is a chain: each record has the hash of the one before', async () => {
    await write(about('a'), about('b'));
    await write(about('c'));
    const [one, two, three] = await records();
    expect(one).toEqual({ number: '1', at: NOON, ...about('a'), previousHash: NO_HASH });
    expect([two!.previousHash, three!.previousHash]).toEqual([auditHash(one!), auditHash(two!)]);
    expect(await audit.head()).toEqual({ first: 1, next: 4, hash: auditHash(three!) });
    expect(counted).toBe(3);
  });

  it('goes on in the next life', async () => {
    await write(about('a'));
    const [before] = await records();
    audit = begun(3);
    await write(about('b'));
    const [one, two] = await records();
    expect([one, two!.number, two!.previousHash]).toEqual([before, '2', auditHash(one!)]);
  });

  it('keeps the newest records, and drops older ones in the batch that adds to it', async () => {
    await write(...['a', 'b', 'c', 'd', 'e'].map(about));
    expect((await records()).map(({ number }) => number)).toEqual(['3', '4', '5']);
    const changes = await audit.changesFor([about('f')]);
    expect(changes.map(({ kind, value }) => [kind, value === null])).toEqual([
      ['audit', false],
      ['audit', true],
      ['auditHead', false],
    ]);
  });

  it('reads where it stands anew after a write that failed: it may have been stored all the same', async () => {
    await write(about('a'));
    await store.declarations.write(await audit.changesFor([about('stored without an answer')]));
    audit.doubt();
    await write(about('b'));
    const all = await records();
    expect(all.map(({ subject }) => subject.name)).toEqual(['a', 'stored without an answer', 'b']);
    expect(all[2]!.previousHash).toBe(auditHash(all[1]!));
  });

  it('tells a hash that does not depend on the order of the keys', () => {
    const { subject, ...rest } = about('a');
    expect(auditHash({ ...rest, subject })).toBe(auditHash({ subject, ...rest }));
    expect(auditHash({ ...rest, subject: { ...subject, name: 'b' } })).not.toBe(auditHash(about('a')));
  });

  it('adds nothing for nothing', async () => {
    rows.failsWith = new StoreUnavailable('full');
    expect(await audit.changesFor([])).toEqual([]);
  });

  const about = (name: string): Audited => ({
    credential: 'anonymous',
    source: { over: 'http', address: '127.0.0.1' },
    operation: `PUT /v1/models/${name}`,
    forced: false,
    subject: { kind: 'model', name },
    revisionBefore: '0',
    revisionAfter: '1',
  });

  const begun = (most: number): Audit =>
    new Audit({
      store: store.declarations,
      wallNow: () => Date.parse(NOON),
      onWritten: (count) => (counted += count),
      most,
    });

  async function write(...audited: readonly Audited[]): Promise<void> {
    const changes: readonly ToldChange[] = await audit.changesFor(audited);
    await store.declarations.write(changes);
    audit.follow(changes);
  }

  async function records() {
    const { first, next } = await audit.head();
    const numbers = Array.from({ length: next - first }, (_, nth) => first + nth);
    expect(await audit.record(first - 1)).toBeUndefined();
    return Promise.all(numbers.map(async (number) => (await audit.record(number))!));
  }
});
