import { beforeEach, describe, expect, it } from '@jest/globals';
import { auditHash, NO_HASH } from '#contracts';
import type { AuditChain, AuditedThing, DeclarationChange } from '#engine';
import { openStore, type Store, StoreUnavailable } from '#store';
import { MemoryRows } from '#triton-simulator';
import { Audit, type Audited } from './audit.js';

const NOON = '2026-01-31T12:00:00.000Z';
const BY: Audited['by'] = {
  credential: 'anonymous',
  source: { over: 'http', address: '127.0.0.1' },
  operation: 'POST /v1/models:batch',
};

const thing = (name: string): AuditedThing => ({
  ...{ forced: false, subject: { kind: 'model', name }, revisionBefore: '0', revisionAfter: '1' },
});

describe('the audit', () => {
  let rows: MemoryRows;
  let store: Store;
  let audit: Audit;
  let counted: number;

  beforeEach(async () => {
    counted = 0;
    rows = new MemoryRows(new Map());
    store = await openStore(rows, { fleet: 'berth' });
    audit = begun();
  });

  it('is a chain: each record has the hash of the one before', async () => {
    await write(about('a'));
    await write(about('b', 'x'));
    await write(about('c'));
    const [one, two, three] = await records();
    expect(one).toEqual({ number: '1', at: NOON, ...BY, ...thing('a'), previousHash: NO_HASH });
    expect(two).toMatchObject({ ...thing('b'), others: [thing('x')], previousHash: auditHash(one!) });
    expect(three!.previousHash).toBe(auditHash(two!));
    expect(await audit.head('admins')).toEqual({ first: 1, next: 4, hash: auditHash(three!) });
    expect(counted).toBe(3);
  });

  it('keeps what programs did apart, in a chain of its own', async () => {
    await write(about('a'));
    await write({ ...about('p'), chain: 'programs' });
    await write(about('b'));
    expect((await records()).map(({ subject }) => subject.name)).toEqual(['a', 'b']);
    const [ofProgram] = await records('programs');
    expect(ofProgram).toMatchObject({ number: '1', ...thing('p'), previousHash: NO_HASH });
  });

  it('names all models of a batch of an admin, and of what a program did 20 things', async () => {
    const names = Array.from({ length: 1_000 }, (_, nth) => `m${nth}`);
    await write(about(...names));
    await write({ ...about(...names), chain: 'programs' });
    const [batch] = await records();
    expect([batch!.others!.at(-1), batch!.more]).toEqual([thing('m999'), undefined]);
    const [message] = await records('programs');
    expect([message!.others!.at(-1), message!.more]).toEqual([thing('m19'), 980]);
  });

  it('goes on in the next life', async () => {
    await write(about('a'));
    const [before] = await records();
    audit = begun();
    await write(about('b'));
    const [one, two] = await records();
    expect([one, two!.number, two!.previousHash]).toEqual([before, '2', auditHash(one!)]);
  });

  it('keeps the newest records, and drops older ones in the batch that adds to it', async () => {
    for (const [chain, most] of [
      ['admins', 100_000],
      ['programs', 20_000],
    ] as const) {
      const value = { first: 5, next: most + 5, hash: NO_HASH };
      await store.declarations.write([{ kind: 'auditHead', chain, value }]);
      const changes = await audit.changesFor({ ...about('f'), chain });
      expect(changes).toMatchObject([
        { kind: 'audit', chain, number: most + 5 },
        { kind: 'audit', chain, number: 5, value: null },
        { kind: 'auditHead', chain, value: { first: 6, next: most + 6 } },
      ]);
    }
  });

  it('reads where it stands anew after a write that failed: it may have been stored all the same', async () => {
    await write(about('a'));
    await store.declarations.write(await audit.changesFor(about('stored without an answer')));
    audit.doubt();
    await write(about('b'));
    const all = await records();
    expect(all.map(({ subject }) => subject.name)).toEqual(['a', 'stored without an answer', 'b']);
    expect(all[2]!.previousHash).toBe(auditHash(all[1]!));
  });

  it('tells a hash that does not depend on the order of the keys', () => {
    const { subject, ...rest } = thing('a');
    expect(auditHash({ ...rest, subject })).toBe(auditHash({ subject, ...rest }));
    expect(auditHash(thing('b'))).not.toBe(auditHash(thing('a')));
  });

  it('adds nothing for nothing', async () => {
    rows.failsWith = new StoreUnavailable('full');
    expect(await audit.changesFor(about())).toEqual([]);
  });

  const about = (...names: readonly string[]): Audited => ({
    ...{ chain: 'admins', by: BY, things: names.map(thing) },
  });

  const begun = (): Audit =>
    new Audit({
      store: store.declarations,
      wallNow: () => Date.parse(NOON),
      onWritten: () => (counted += 1),
    });

  async function write(audited: Audited): Promise<void> {
    const changes: readonly DeclarationChange[] = await audit.changesFor(audited);
    await store.declarations.write(changes);
    audit.follow(changes);
  }

  async function records(chain: AuditChain = 'admins') {
    const { first, next } = await audit.head(chain);
    const numbers = Array.from({ length: next - first }, (_, nth) => first + nth);
    expect(await audit.record(chain, first - 1)).toBeUndefined();
    return Promise.all(numbers.map(async (number) => (await audit.record(chain, number))!));
  }
});
