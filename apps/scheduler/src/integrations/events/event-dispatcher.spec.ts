import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { EndpointConfig, EventType } from '#config';
import type { Clock } from '#engine';
import { openStore, type Store, StoreUnavailable } from '#store';
import { MemoryRows } from '#triton-simulator';
import { FakeWebhookClient } from '../../../../../test/support/fake-webhook-client.js';
import type { WebhookResponse } from './webhook-client.js';
import { EventDispatcher } from './event-dispatcher.js';

const NOON = Date.parse('2026-01-31T12:00:00Z');
const DAY = 24 * 3_600_000;
const FAILS: WebhookResponse = { status: 500, retryAfter: null };

/** Time stands still but where a test moves it. */
class SetClock implements Clock {
  at = 0;
  private alarm: { readonly at: number; readonly ring: () => void } | null = null;
  now = (): number => this.at;
  soon = (task: () => void): void => task();
  setAlarm(at: number, ring: () => void): void {
    this.alarm = at === Infinity ? null : { at, ring };
  }
  pass(millis: number): void {
    this.at += millis;
    const { alarm } = this;
    if (alarm && alarm.at <= this.at) {
      this.alarm = null;
      alarm.ring();
    }
  }
}

describe('what tells events', () => {
  let texts: Map<string, string>;
  let rows: MemoryRows;
  let store: Store;
  let client: FakeWebhookClient;
  let clock: SetClock;
  let dispatcher: EventDispatcher;
  let lines: string[];
  let lost: number;
  let tried: string[];

  beforeEach(async () => {
    texts = new Map();
    [lines, tried, lost] = [[], [], 0];
    client = new FakeWebhookClient();
    clock = new SetClock();
    await opened(endpoint('ops'), endpoint('audit', ['server.lost']));
  });

  afterEach(() => dispatcher.close());

  async function opened(...endpoints: readonly EndpointConfig[]): Promise<void> {
    rows = new MemoryRows(texts);
    store = await openStore(rows, { fleet: 'berth' });
    const write = (line: string): void => void lines.push((JSON.parse(line) as { msg: string }).msg);
    dispatcher = new EventDispatcher({
      ...{ outbox: store.outbox, client: client, clock, random: () => 0, mostWaiting: 3 },
      wallNow: () => NOON + clock.at,
      log: pino({}, { write }),
      metrics: { tried: (result) => tried.push(result), lost: (count) => (lost += count) },
    });
    await dispatcher.begin(endpoints);
  }

  const tell = async (type: EventType, ...names: readonly string[]): Promise<void> => {
    dispatcher.take(names.map((name) => ({ type, subject: `server/${name}`, data: { server: name } })));
    await settled();
  };

  it('sends each event to the endpoints that ask for it, and forgets it then', async () => {
    await tell('server.lost', 'a');
    await tell('server.drained', 'b');
    const sent = client.postings.map(({ url, type, data }) => [url, type, data['server']]);
    expect(sent).toEqual([
      ['https://ops/', 'server.lost', 'a'],
      ['https://audit/', 'server.lost', 'a'],
      ['https://ops/', 'server.drained', 'b'],
    ]);
    expect(new Set(client.ids).size).toBe(3);
    expect([dispatcher.waiting, eventRows()]).toEqual([0, []]);
    expect(tried).toEqual(['delivered', 'delivered', 'delivered']);
  });

  it('sends nothing before it is stored', async () => {
    rows.failsWith = new StoreUnavailable('full');
    await tell('server.drained', 'a');
    expect(client.postings).toEqual([]);
    rows.failsWith = null;
    dispatcher.tryAgain();
    await settled();
    expect(client.postings).toHaveLength(1);
  });

  it('sends what was stored in another life, with the same id', async () => {
    client.answers = () => undefined;
    await tell('server.drained', 'a');
    const [id] = client.ids;
    await dispatcher.close();
    client.answers = () => ({ status: 200, retryAfter: null });
    await opened(endpoint('ops'));
    await settled();
    expect(client.ids).toEqual([id, id]);
    expect(eventRows()).toEqual([]);
  });

  it('gives no id twice, though numbers begin anew', async () => {
    await tell('server.drained', 'a');
    await dispatcher.close();
    await opened(endpoint('ops'));
    await tell('server.drained', 'a');
    expect(new Set(client.ids).size).toBe(2);
  });

  it('tries again with the same id after 5 s, and says once that an endpoint fails', async () => {
    client.answers = () => FAILS;
    await tell('server.drained', 'a');
    clock.pass(4_999);
    await settled();
    expect(client.postings).toHaveLength(1);
    clock.pass(1);
    await settled();
    expect(new Set(client.ids).size).toBe(1);
    expect(client.postings).toHaveLength(2);
    client.answers = () => ({ status: 200, retryAfter: null });
    clock.pass(30_000);
    await settled();
    expect(lines).toEqual([
      'endpoint ops does not take events: rejected; they are sent again',
      'endpoint ops takes events again',
    ]);
  });

  it('keeps what is too much as dead letters, which survive, are replayed, and end after 7 days', async () => {
    client.answers = () => undefined;
    await tell('server.drained', ...['a', 'a', 'a', 'a', 'a']);
    expect([dispatcher.waiting, dispatcher.deadLetters.size]).toEqual([3, 2]);
    await dispatcher.close();
    await opened(endpoint('ops'));
    const [newest, oldest] = dispatcher.deadLetters.numbers(Infinity) as [number, number];
    expect(await dispatcher.letter(oldest)).toMatchObject({
      cause: 'overflow',
      attempts: 0,
      endpoint: 'ops',
    });
    expect(dispatcher.hasRoomFor('ops')).toBe(false);
    clock.pass(7 * DAY);
    dispatcher.tidy();
    await settled();
    expect([dispatcher.deadLetters.size, await store.outbox.event(newest)]).toEqual([0, undefined]);
    expect(eventRows()).toHaveLength(3);
  });

  it('makes dead letters of what waits for an endpoint that is not configured any more', async () => {
    client.answers = () => undefined;
    await tell('server.drained', 'a', 'b');
    dispatcher.setEndpoints([endpoint('audit')]);
    for (const { answer } of client.postings) answer(FAILS);
    await settled();
    const causes = dispatcher.deadLetters
      .numbers(Infinity)
      .map((number) => dispatcher.deadLetters.get(number)?.cause);
    expect(causes).toEqual(['withdrawn', 'withdrawn']);
    await dispatcher.close();
    await opened(endpoint('audit'));
    expect([dispatcher.waiting, dispatcher.deadLetters.size]).toEqual([0, 2]);
  });

  it('loses events once too many wait for a store that fails, and says so once', async () => {
    rows.failsWith = new StoreUnavailable('full');
    const many = Array.from({ length: 10_002 }, (_, nth) => `s${nth}`);
    await tell('server.drained', ...many);
    expect(lost).toBe(2);
    rows.failsWith = null;
    dispatcher.tryAgain();
    await settled();
    expect(lines.filter((line) => line.includes('lost'))).toEqual([
      'the store does not take events, and too many wait: events are lost',
      'events are stored again; some were lost',
    ]);
  });

  it('tells what a store has lost that came back empty, and goes on with what is not lost', async () => {
    client.answers = () => FAILS;
    await tell('server.drained', ...['a', 'a', 'a', 'a', 'b']);
    expect([dispatcher.waiting, dispatcher.deadLetters.size]).toEqual([3, 2]);
    texts.clear();
    await tell('server.drained', 'c');
    await dispatcher.forgetLost();
    expect([dispatcher.waiting, dispatcher.deadLetters.size, lost]).toEqual([1, 0, 5]);
    expect(lines).toContain('the store has lost events that waited and dead letters: they are not told');
    client.answers = () => ({ status: 200, retryAfter: null });
    clock.pass(30_000);
    await settled();
    expect(client.postings.at(-1)).toMatchObject({ data: { server: 'c' } });
    await dispatcher.forgetLost();
    expect([dispatcher.waiting, lost]).toEqual([0, 5]);
  });

  it('leaves out what makes no sense in the store, and says so', async () => {
    await dispatcher.close();
    texts.set('told/event/0000000000000007', '{"endpoint":1}');
    await opened(endpoint('ops'));
    await settled();
    expect([lines, eventRows()]).toEqual([['stored events made no sense and were left out'], []]);
  });

  it('has nothing of a secret in a log line, and says nothing of what waits when it ends', async () => {
    client.answers = () => ({ failure: 'unreachable' });
    await tell('server.lost', 'a');
    client.answers = () => ({ status: 410, retryAfter: null });
    clock.pass(5_000);
    await settled();
    expect(lines.join('\n')).not.toContain(Buffer.alloc(32, 7).toString('base64').slice(0, 8));
    expect(dispatcher.standings().map(({ state }) => state)).toEqual(['gone', 'gone']);
  });

  const eventRows = (): string[] => [...texts.keys()].filter((key) => key.startsWith('told/event/'));

  /** Lets all that follows from what has happened happen: the rows of a test are written within ticks. */
  async function settled(): Promise<void> {
    for (let turns = 0; turns < 60; turns += 1) await new Promise(setImmediate);
  }
});

const endpoint = (name: string, events: readonly EventType[] = ['server.lost', 'server.drained']) => ({
  ...{ name, url: `https://${name}/`, events, allowPrivate: false },
  secrets: [new Uint8Array(32).fill(7)],
});
