import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OutboxChange, StoredDeadLetter, StoredEvent } from '#engine';
import { openStore, type Store } from '#store';
import type { RowsStage } from './rows.js';

const NOON = '2026-01-31T12:00:00.000Z';
const DEAD: StoredDeadLetter = { cause: 'exhausted', at: NOON, attempts: 8 };

/** What a test works with: the store that is open now, and how to begin its next life. */
interface Subject {
  store: Store;
  stage: RowsStage;
}

/** What every outbox has to do, whatever keeps its rows. */
export function outboxKeepsItsPromises(name: string, begin: () => Promise<RowsStage>): void {
  describe(`an outbox in ${name}`, () => {
    const subject = {} as Subject;

    beforeEach(async () => {
      subject.stage = await begin();
      subject.store = await opened(subject);
    });

    afterEach(async () => {
      await subject.store.close();
      await subject.stage.end();
    });

    keepsEvents(subject);
    keepsDeadLetters(subject);
    writesBatches(subject);
  });
}

function keepsEvents(subject: Subject): void {
  it('has nothing at first', async () => {
    const { events, deadLetters, damaged } = await subject.store.outbox.read();
    expect([events.size, deadLetters.size, damaged]).toEqual([0, 0, []]);
    expect(await subject.store.outbox.event(1)).toBeUndefined();
  });

  it('keeps events as they are, also for the next life', async () => {
    await subject.store.outbox.write([put(1, event('a')), put(2, event('b'))]);
    await reopen(subject);
    expect(await subject.store.outbox.event(1)).toEqual(event('a'));
    expect(Object.fromEntries((await subject.store.outbox.read()).events)).toEqual({
      1: { endpoint: 'ops', subject: 'server/a' },
      2: { endpoint: 'ops', subject: 'server/b' },
    });
  });

  it('tells events in the order of their numbers, not of their digits', async () => {
    const numbers = [10, 9, 100, 1, 1_000_000, 99];
    await subject.store.outbox.write(numbers.map((number) => put(number, event(`${number}`))));
    const found = [...(await subject.store.outbox.read()).events.keys()];
    expect(found).toEqual([1, 9, 10, 99, 100, 1_000_000]);
  });

  it('forgets what was told', async () => {
    await subject.store.outbox.write([put(1, event('a')), put(2, event('b'))]);
    await subject.store.outbox.write([gone(1), gone(3)]);
    await reopen(subject);
    expect([...(await subject.store.outbox.read()).events.keys()]).toEqual([2]);
    expect(await subject.store.outbox.event(1)).toBeUndefined();
  });
}

function keepsDeadLetters(subject: Subject): void {
  it('keeps with a dead letter what it says, and takes it back', async () => {
    const { outbox } = subject.store;
    await outbox.write([put(1, event('a')), put(2, event('b')), buried(1, DEAD), buried(2, DEAD)]);
    await outbox.write([buried(2, null)]);
    await reopen(subject);
    const { events, deadLetters } = await subject.store.outbox.read();
    expect([...events.keys(), ...deadLetters]).toEqual([1, 2, [1, DEAD]]);
    expect(await subject.store.outbox.event(1)).toEqual(event('a'));
  });
}

function writesBatches(subject: Subject): void {
  it('writes all of a batch or none', async () => {
    const { outbox } = subject.store;
    const broken = { ...event('b'), data: null } as unknown as StoredEvent;
    await expect(async () => outbox.write([put(1, event('a')), put(2, broken)])).rejects.toThrow();
    expect((await outbox.read()).events.size).toBe(0);
  });

  it('shares a batch with what admins change', async () => {
    const { outbox, declarations } = subject.store;
    await outbox.write([put(1, event('a')), buried(1, DEAD)]);
    await declarations.write([{ kind: 'freeze', value: null }, buried(1, null), gone(1)]);
    const { events, deadLetters } = await outbox.read();
    expect([events.size, deadLetters.size]).toEqual([0, 0]);
  });
}

const opened = async ({ stage }: Subject): Promise<Store> =>
  openStore(await stage.open(), { fleet: 'berth' });

async function reopen(subject: Subject): Promise<void> {
  await subject.store.close();
  subject.store = await opened(subject);
}

const event = (server: string): StoredEvent => ({
  endpoint: 'ops',
  id: `evt_${server}`,
  type: 'server.lost',
  at: NOON,
  subject: `server/${server}`,
  data: { server },
});

const put = (number: number, value: StoredEvent): OutboxChange => ({ kind: 'event', number, value });
const gone = (number: number): OutboxChange => ({ kind: 'event', number, value: null });
const buried = (number: number, value: StoredDeadLetter | null): OutboxChange => {
  return { kind: 'deadLetter', number, value };
};
