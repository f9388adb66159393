import { describe, expect, it } from '@jest/globals';
import { soleLeadership } from '#engine';
import { MemoryRows } from '#triton-simulator';
import { openStore } from './index.js';

describe('a store that several processes share', () => {
  const texts = new Map<string, string>();
  const ofTerm = (term: number) =>
    openStore(new MemoryRows(texts), { fleet: 'berth', leadership: soleLeadership(term) });

  it('belongs to the term that it was opened for', async () => {
    const store = await ofTerm(700);
    expect(store.leadership.term).toBe(700);
    await store.close();
    expect(store.leadership.mayAct()).toBe(true);
    expect((await ofTerm(900)).leadership.term).toBe(900);
  });

  it('says whether a write is durable', async () => {
    const rows = new MemoryRows();
    const { declarations } = await openStore(rows, { fleet: 'berth' });
    const change = { kind: 'model', name: 'm', value: { revision: 1, spec: null } } as const;
    expect(await declarations.write([change])).toEqual({ durable: true });
    rows.isDurable = false;
    expect(await declarations.write([change])).toEqual({ durable: false });
  });
});
