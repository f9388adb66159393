import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OutboxChange, ToldDeadLetter, ToldEvent } from '#engine';
import { openStore, type Store } from '#kept';
import type { RowsStage } from './rows.js';

const NOON = '2026-01-31T12:00:00.000Z';
const DEAD: ToldDeadLetter = { cause: 'exhausted', at: NOON, attempts: 8 };

/** What every outbox has to do, whatever keeps its rows. */
export function outboxKeepsItsPromises(name: string, begin: () => Promise<RowsStage>): void {
  describe(`an outbox in ${name}`, () => {
    let stage: RowsStage;
    let store: Store;

    beforeEach(async () => {
      stage = await begin();
      store = await opened();
    });

    afterEach(async () => {
      await store.close();
      await stage.end();
    });

    it('has nothing at first', async () => {
      const { events, deadLetters, damaged } = await store.outbox.read();
      expect([events.size, deadLetters.size, damaged]).toEqual([0, 0, []]);
      expect(await store.outbox.event(1)).toBeUndefined();
    });

    it('keeps events as they are, also for the next life', async () => {
      await store.outbox.write([put(1, event('a')), put(2, event('b'))]);
      await reopen();
      expect(await store.outbox.event(1)).toEqual(event('a'));
      expect(Object.fromEntries((await store.outbox.read()).events)).toEqual({
        1: { endpoint: 'ops', subject: 'server/a' },
        2: { endpoint: 'ops', subject: 'server/b' },
      });
    });

    it('tells events in the order of their numbers, not of their digits', async () => {
      const numbers = [10, 9, 100, 1, 1_000_000, 99];
      await store.outbox.write(numbers.map((number) => put(number, event(`${number}`))));
      const found = [...(await store.outbox.read()).events.keys()];
      expect(found).toEqual([1, 9, 10, 99, 100, 1_000_000]);
    });

    it('forgets what was told', async () => {
      await store.outbox.write([put(1, event('a')), put(2, event('b'))]);
      await store.outbox.write([gone(1), gone(3)]);
      await reopen();
      expect([...(await store.outbox.read()).events.keys()]).toEqual([2]);
      expect(await store.outbox.event(1)).toBeUndefined();
    });

    it('keeps with a dead letter what it says, and takes it back', async () => {
      await store.outbox.write([put(1, event('a')), put(2, event('b')), buried(1, DEAD), buried(2, DEAD)]);
      await store.outbox.write([buried(2, null)]);
      await reopen();
      const { events, deadLetters } = await store.outbox.read();
      expect([...events.keys(), ...deadLetters]).toEqual([1, 2, [1, DEAD]]);
      expect(await store.outbox.event(1)).toEqual(event('a'));
    });

    it('writes all of a batch or none', async () => {
      const broken = { ...event('b'), data: null } as unknown as ToldEvent;
      await expect(async () => store.outbox.write([put(1, event('a')), put(2, broken)])).rejects.toThrow();
      expect((await store.outbox.read()).events.size).toBe(0);
    });

    it('shares a batch with what admins change', async () => {
      await store.outbox.write([put(1, event('a')), buried(1, DEAD)]);
      await store.declarations.write([{ kind: 'freeze', value: null }, buried(1, null), gone(1)]);
      const { events, deadLetters } = await store.outbox.read();
      expect([events.size, deadLetters.size]).toEqual([0, 0]);
    });

    const opened = async (): Promise<Store> => openStore(await stage.open(), { fleet: 'berth' });

    async function reopen(): Promise<void> {
      await store.close();
      store = await opened();
    }
  });
}

const event = (server: string): ToldEvent => ({
  endpoint: 'ops',
  id: `evt_${server}`,
  type: 'server.lost',
  at: NOON,
  subject: `server/${server}`,
  data: { server },
});

const put = (number: number, value: ToldEvent): OutboxChange => ({ kind: 'event', number, value });
const gone = (number: number): OutboxChange => ({ kind: 'event', number, value: null });
const buried = (number: number, value: ToldDeadLetter | null): OutboxChange => {
  return { kind: 'deadLetter', number, value };
};
