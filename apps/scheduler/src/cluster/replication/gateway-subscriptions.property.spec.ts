import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Instant, type Millis, type ReplicaId, replicaId } from '#core';
import { aRow, FakeFeed } from '../../../../../test/support/fake-feed.js';
import { GatewaySubscriptions, type GatewayStream } from './gateway-subscriptions.js';
import { earlier, type RouteEvent, type RouteVersion } from './route-event.js';
import { RoutePublisher } from './route-publisher.js';

/** By docs/api.md: a row is good for so long after the last event came, which was under way for less than 2 s. */
const GOOD_FOR: Millis = 8_000;
const MAX_WAY: Millis = 1_900;
const STEP: Millis = 100;

const gateway = fc.constantFrom(0, 1, 2);
const way = fc.integer({ min: 0, max: MAX_WAY });
const WEIGHTS: Readonly<Record<string, number>> = { pass: 6, acknowledge: 6, watch: 3, hangUp: 1, deafen: 1 };
const step = <const Kind extends string, Fields extends object>(kind: Kind, fields: Fields) => ({
  weight: WEIGHTS[kind] ?? 2,
  arbitrary: fc.record({ kind: fc.constant(kind), ...fields }) as fc.Arbitrary<never>,
});

type Step =
  | { readonly kind: 'pass'; readonly ms: Millis }
  | { readonly kind: 'withdraw' }
  | { readonly kind: 'watch'; readonly gateway: number; readonly berth: number; readonly way: Millis }
  | { readonly kind: 'hangUp' | 'deafen' | 'hear'; readonly gateway: number }
  | { readonly kind: 'acknowledge'; readonly gateway: number; readonly way: Millis };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    step('pass', { ms: fc.oneof(fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 0, max: 9_000 })) }),
    step('withdraw', {}),
    step('watch', { gateway, berth: fc.constantFrom(0, 0, 1), way }),
    step('hangUp', { gateway }),
    ...(['deafen', 'hear'] as const).map((kind) => step(kind, { gateway })),
    step('acknowledge', {
      gateway,
      way: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 6_000 })),
    }),
  ),
  { minLength: 20, maxLength: 60, size: 'max' },
);

/** A Berth, of which gateways are told. */
class Berth {
  readonly publisher: RoutePublisher;
  readonly gateways: GatewaySubscriptions;

  constructor(feed: FakeFeed) {
    this.publisher = new RoutePublisher(feed);
    this.gateways = new GatewaySubscriptions(feed, this.publisher);
  }
}

/** A gateway that keeps a table by what it is told, and believes its present stream alone. */
class Gateway {
  readonly rows = new Set<ReplicaId>();
  isDeaf = false;
  version: RouteVersion | null = null;
  heardAt: Instant = -Infinity;
  stream: GatewayStream | null = null;
  berth: Berth | null = null;

  constructor(readonly name: string) {}

  goesBy(id: ReplicaId, now: Instant): boolean {
    return now - this.heardAt <= GOOD_FOR && this.rows.has(id);
  }

  hear({ resets, rows, gone, version }: RouteEvent, now: Instant): void {
    this.heardAt = now;
    if (resets) this.rows.clear();
    for (const { model, server } of rows) this.rows.add(replicaId(model, server));
    for (const { model, server } of gone) this.rows.delete(replicaId(model, server));
    this.version = version;
  }
}

/** Two Berths with one table, and gateways, two of which wrongly share a name. */
class World {
  now: Instant = 0;
  readonly broken: string[] = [];
  private readonly feed = new FakeFeed();
  private readonly berths: readonly Berth[];
  private readonly all = ['g', 'g', 'h'].map((name) => new Gateway(name));
  private readonly withdrawnIn = new Map<ReplicaId, number>();
  private readonly letters: { readonly at: Instant; readonly arrive: () => void }[] = [];
  private made = 0;
  private leaves = new Map<GatewayStream, () => void>();

  constructor() {
    for (; this.made < 6; this.made += 1) this.feed.put(aRow(`m${this.made}`, 's'));
    this.berths = [new Berth(this.feed), new Berth(this.feed)];
    this.tell();
  }

  take(one: Step): void {
    if (one.kind === 'pass') return this.pass(one.ms);
    if (one.kind === 'withdraw') return this.withdraw();
    const it = this.all[one.gateway]!;
    switch (one.kind) {
      case 'watch':
        return this.watch(it, this.berths[one.berth]!, one.way);
      case 'hangUp':
        if (it.stream) this.leaves.get(it.stream)?.();
        it.stream = null;
        return;
      case 'acknowledge':
        return this.acknowledge(it, one.way);
      default:
        it.isDeaf = one.kind === 'deafen';
    }
  }

  private pass(ms: Millis): void {
    for (const until = this.now + ms; this.now < until; this.now += STEP) {
      const due = this.letters.filter(({ at }) => at <= this.now);
      for (const letter of due) this.letters.splice(this.letters.indexOf(letter), 1);
      for (const { arrive } of due) arrive();
      for (const { gateways, publisher } of this.berths) {
        if (this.now % 1_000 === 0) gateways.tick(this.now);
        if (this.now % 1_000 === 0) publisher.beat(this.now);
        publisher.flushAll(this.now);
      }
      this.check();
    }
  }

  /** One row goes, and another one comes. */
  private withdraw(): void {
    const [id] = this.feed.rows.keys();
    this.feed.drop(id!);
    this.withdrawnIn.set(id!, this.feed.sequence);
    this.feed.put(aRow(`m${(this.made += 1)}`, 's'));
    this.tell();
  }

  private tell(): void {
    const changes = this.feed.takeChanges();
    for (const { publisher } of this.berths) publisher.changed(...changes, this.now);
  }

  /** The Berth does not hear that the stream of before is read no more. */
  private watch(it: Gateway, berth: Berth, way: Millis): void {
    const post = (run: () => void): void => {
      this.letters.push({ at: this.now + way, arrive: () => it.stream === stream && run() });
    };
    const stream: GatewayStream = {
      ...{ watcher: it.name, credential: 'c' },
      get isFree() {
        return !it.isDeaf;
      },
      write: (event: RouteEvent) => post(() => it.hear(event, this.now)),
      end: () => post(() => (it.stream = null)),
    };
    it.stream = stream;
    it.berth = berth;
    this.leaves.set(stream, berth.gateways.open(stream, it.version, this.now));
  }

  /** The report may be long under way: the gateway may watch another Berth, or this one anew, when it comes. */
  private acknowledge({ berth, name, stream, version }: Gateway, way: Millis): void {
    if (!berth || !stream || !version) return;
    const from = { watcher: name, credential: 'c' };
    const arrive = (): void => berth.gateways.lineOf(from, version)?.acknowledge(version, this.now);
    this.letters.push({ at: this.now + way, arrive });
  }

  private check(): void {
    const settled = this.berths
      .map(({ gateways }) => gateways.settled(this.now))
      .reduce(earlier, this.feed.version);
    for (const it of this.all)
      for (const id of it.rows)
        if ((this.withdrawnIn.get(id) ?? Infinity) <= settled.sequence && it.goesBy(id, this.now))
          this.broken.push(`${it.name} goes by ${id} at ${this.now}`);
  }
}

describe('gateways that acknowledge', () => {
  it('have nothing settled that one of them may still go by, whatever they acknowledge, and when', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const world = new World();
        for (const one of script) world.take(one);
        expect(world.broken).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});
