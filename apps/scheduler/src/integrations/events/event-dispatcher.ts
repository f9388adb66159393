import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { EndpointConfig } from '#config';
import type { Clock, Outbox, StoredEvent } from '#engine';
import type { WallClock } from '../../transport/wall-times.js';
import type { WebhookClient } from './webhook-client.js';
import { DeadLetters, removalOf } from './dead-letters.js';
import { type Dead, Deliveries, type Due } from './deliveries.js';
import { DeliveryLog } from './delivery-log.js';
import type { Told } from './events-of-turns.js';
import { OutboxWriter } from './outbox-writer.js';
import { forgetLost, nextNumber } from './stored-events.js';
import type { Result } from './results.js';
import { Sender, type Tried } from './sender.js';
import type { Draft } from './outgoing.js';

/** What events are told with. */
export interface EventDispatcherParts {
  readonly outbox: Outbox;
  readonly client: WebhookClient;
  /** A clock of its own: it has one alarm. */
  readonly clock: Clock;
  readonly wallNow: WallClock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: { tried(result: string): void; lost(count: number): void };
  /** Left out: 10,000 for each endpoint. */
  readonly mostWaiting?: number;
}

/** How the latest try of an endpoint ended. */
interface LastTry {
  readonly at: number;
  readonly result: Result;
  readonly status: number | null;
}

/** Tells events to endpoints: stores them, sends them when their time has come, and forgets those that were delivered. */
export class EventDispatcher implements Told {
  readonly deadLetters = new DeadLetters();
  private endpoints: ReadonlyMap<string, EndpointConfig> = new Map();
  private readonly lastTries = new Map<string, LastTry>();
  private readonly deliveries: Deliveries;
  private readonly keeping: OutboxWriter;
  private readonly log: DeliveryLog;
  private readonly sender: Sender;
  private readonly flights = new Set<Promise<void>>();
  /** Numbers begin anew in a life in which nothing is left to be told; with this no id is given twice. */
  private readonly life = randomBytes(8).toString('hex');
  private next = 1;
  private tests = 1;
  /** Whether an event could not be read: the store fails. */
  private isStoreUnreadable = false;

  constructor(private readonly parts: EventDispatcherParts) {
    const { outbox, random, mostWaiting } = parts;
    this.log = new DeliveryLog(parts.log);
    this.sender = new Sender(parts.client, parts.wallNow);
    this.deliveries = new Deliveries(random, mostWaiting);
    const onHealth = (failure: unknown): void => (failure === null ? this.log.storeIsWell() : undefined);
    this.keeping = new OutboxWriter({ outbox, onHealth });
  }

  get isOn(): boolean {
    return this.endpoints.size > 0;
  }

  get waiting(): number {
    return this.deliveries.waiting;
  }

  /** Takes up what an earlier life has stored, and which endpoints there are. Rejects as the store does. */
  async begin(endpoints: readonly EndpointConfig[]): Promise<void> {
    const contents = await this.parts.outbox.read();
    const { events, deadLetters, damaged } = contents;
    this.next = nextNumber(contents);
    this.deadLetters.recall(contents);
    if (damaged.length > 0) this.log.damaged(damaged.length);
    this.keeping.add(damaged.flatMap(removalOf));
    this.setEndpoints(endpoints);
    for (const [number, { endpoint, subject }] of events) {
      if (!deadLetters.has(number)) this.stored(endpoint, number, subject);
    }
  }

  /** Takes up another configuration: endpoints that failed, or answered 410, are tried at once. */
  setEndpoints(endpoints: readonly EndpointConfig[]): void {
    this.endpoints = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]));
    for (const name of this.lastTries.keys()) if (!this.endpoints.has(name)) this.lastTries.delete(name);
    this.moveToDeadLetters(this.deliveries.setEndpoints([...this.endpoints.keys()]));
    this.send();
  }

  /** Takes events of a turn: they are stored some time later, and then sent. Where too many wait for the store they are lost. */
  take(drafts: readonly Draft[]): void {
    const at = new Date(this.parts.wallNow()).toISOString();
    for (const { type, subject, data } of drafts) {
      for (const { name, events } of this.endpoints.values()) {
        if (events.includes(type)) this.keep({ endpoint: name, type, at, subject, data });
      }
    }
  }

  /** The store has lost writes: what it does not have any more is told as lost. Rejects as the store does. */
  async forgetLost(): Promise<void> {
    const lost = await forgetLost(this.parts.outbox, this.deliveries, this.deadLetters);
    this.log.lostByStore(lost);
    this.parts.metrics.lost(lost.events + lost.deadLetters);
  }

  /** A store that failed is tried again. */
  tryAgain(): void {
    this.isStoreUnreadable = false;
    this.keeping.tryAgain();
    this.send();
  }

  /** Lets go of dead letters that were kept for long enough. */
  tidy(): void {
    this.keeping.add(this.deadLetters.expire(this.parts.wallNow()));
  }

  /** Sends nothing more. Resolves once what is to be stored is stored, or the store has failed. */
  async close(): Promise<void> {
    this.sender.stop();
    this.parts.clock.setAlarm(Infinity, () => undefined);
    await Promise.all(this.flights);
    await this.keeping.idle();
  }

  endpoint(name: string): EndpointConfig | undefined {
    return this.endpoints.get(name);
  }

  /** How each endpoint stands, in the order of the configuration. */
  standings() {
    return Array.from(this.endpoints.values(), (endpoint) => ({
      endpoint,
      ...this.deliveries.standing(endpoint.name),
      deadLetters: this.deadLetters.countOf(endpoint.name),
      lastTry: this.lastTries.get(endpoint.name) ?? null,
    }));
  }

  /** The event of a dead letter, by its number; undefined where there is none. Rejects as the store does. */
  async letter(number: number) {
    const known = this.deadLetters.get(number);
    const event = known && (await this.parts.outbox.event(number));
    return known && event && { ...event, cause: known.cause, attempts: known.attempts, deadSince: known.at };
  }

  /** Sends an endpoint `webhook.test`, beside all that waits for it; null where this process ends meanwhile. */
  async test(endpoint: EndpointConfig) {
    const { wallNow, clock } = this.parts;
    const id = `evt_${this.life}_test_${this.tests++}`;
    const at = new Date(wallNow()).toISOString();
    const begun = clock.now();
    const event = { id, type: 'webhook.test', at, data: { endpoint: endpoint.name } };
    const tried = await this.sender.send(event, endpoint);
    const tookMs = Math.round(clock.now() - begun);
    return tried && { id, result: tried.result, status: tried.status, tookMs };
  }

  /** Whether an endpoint has room for a dead letter that is replayed. */
  hasRoomFor(endpoint: string): boolean {
    return this.deliveries.hasRoomFor(endpoint);
  }

  /** A dead letter was taken back, and that is stored: its event is told again, as the first of its subject. An endpoint that is gone is tried again. */
  replayed(number: number, { endpoint, subject }: Pick<StoredEvent, 'endpoint' | 'subject'>): void {
    this.deadLetters.delete(number);
    if (this.deliveries.has(endpoint))
      this.moveToDeadLetters(this.deliveries.addAgain(endpoint, number, subject));
    else this.moveToDeadLetters([{ endpoint, number, cause: 'withdrawn', attempts: 0 }]);
    this.send();
  }

  /** A dead letter was dropped, and that is stored. */
  dropped(number: number): void {
    this.deadLetters.delete(number);
  }

  private keep(event: Omit<StoredEvent, 'id'>): void {
    if (this.keeping.isFull) {
      this.log.lose();
      return this.parts.metrics.lost(1);
    }
    const number = this.next++;
    const value = { ...event, id: `evt_${this.life}_${number}` };
    const { endpoint, subject } = event;
    this.keeping.add([{ kind: 'event', number, value }], () => this.stored(endpoint, number, subject));
  }

  private stored(endpoint: string, number: number, subject: string): void {
    if (this.deliveries.has(endpoint)) this.moveToDeadLetters(this.deliveries.add(endpoint, number, subject));
    else this.moveToDeadLetters([{ endpoint, number, cause: 'withdrawn', attempts: 0 }]);
    this.send();
  }

  private moveToDeadLetters(dead: readonly Dead[]): void {
    if (dead.length === 0) return;
    this.log.givenUp(dead);
    this.keeping.add(this.deadLetters.add(dead, new Date(this.parts.wallNow()).toISOString()));
  }

  private send(): void {
    if (this.sender.isStopped || this.isStoreUnreadable) return;
    const { clock } = this.parts;
    for (const due of this.deliveries.take(clock.now())) {
      const flight = this.deliver(due).finally(() => this.flights.delete(flight));
      this.flights.add(flight);
    }
    clock.setAlarm(this.deliveries.nextAt(), () => this.send());
  }

  private async deliver(due: Due): Promise<void> {
    const endpoint = this.endpoints.get(due.endpoint)!;
    let event: StoredEvent | undefined;
    try {
      event = await this.parts.outbox.event(due.number);
    } catch {
      this.isStoreUnreadable = true;
      return this.deliveries.putBack(due);
    }
    if (event === undefined) return this.missing(due);
    const tried = await this.sender.send(event, endpoint);
    if (tried === null) return this.deliveries.putBack(due);
    this.tried(due, tried);
    const { isDone, dead } = this.deliveries.ended(due, tried.sent, this.parts.clock.now());
    if (isDone) this.keeping.add([{ kind: 'event', number: due.number, value: null }]);
    this.moveToDeadLetters(dead);
    this.send();
  }

  /** Its row was taken away, or made no sense: there is nothing to tell. */
  private missing(due: Due): void {
    this.log.damaged(1);
    this.parts.metrics.lost(1);
    this.deliveries.ended(due, { kind: 'delivered' }, this.parts.clock.now());
    this.keeping.add([{ kind: 'event', number: due.number, value: null }]);
    this.send();
  }

  private tried({ endpoint }: Due, { result, status }: Tried): void {
    this.lastTries.set(endpoint, { at: this.parts.wallNow(), result, status });
    this.parts.metrics.tried(result);
    this.log.tried(endpoint, result, status);
  }
}
