import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ModelId, replicaId, type ServerId } from '#core';
import { aRow, FakeFeed } from '../../../../../test/support/fake-feed.js';
import { RouteTable } from './route-table.js';
import { type Line, RoutePublisher } from './route-publisher.js';
import type { RouteEvent, RouteVersion } from './route-event.js';

const MODELS = ['a', 'b', 'c'];
const SERVERS = ['s', 't'];

/** One event at a time is under way; the test says when it arrives. */
class SlowLine implements Line {
  readonly sent: RouteEvent[] = [];

  get isFree(): boolean {
    return this.sent.length === 0;
  }

  send(event: RouteEvent): void {
    this.sent.push(event);
  }
}

type Step =
  | { readonly kind: 'put' | 'drop'; readonly model: string; readonly server: string }
  | { readonly kind: 'look' | 'lose' | 'declare'; readonly server: string }
  | { readonly kind: 'arrive' | 'beat' | 'break' | 'succeed' };

const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('put' as const, 'drop' as const),
      model: fc.constantFrom(...MODELS),
      server: fc.constantFrom(...SERVERS),
    }),
    fc.record({
      kind: fc.constantFrom('look' as const, 'lose' as const, 'declare' as const),
      server: fc.constantFrom(...SERVERS),
    }),
    fc.record({
      kind: fc.constantFrom('arrive' as const, 'beat' as const, 'break' as const, 'succeed' as const),
    }),
  ),
  { maxLength: 60 },
);

/** A leader and one that follows; a leader of the next term knows nothing at first. */
class Play {
  readonly table = new RouteTable({ now: () => this.now, bound: 30_000, isShown: () => false });
  feed = new FakeFeed();
  publisher = new RoutePublisher(this.feed);
  line = new SlowLine();
  now = 1_000;

  constructor() {
    this.join(null);
  }

  join(have: RouteVersion | null): void {
    this.line = new SlowLine();
    this.publisher.join(this.line, have, this.now);
  }

  take(step: Step): void {
    this.now += 1;
    switch (step.kind) {
      case 'put':
        this.feed.put(aRow(step.model, step.server));
        break;
      case 'drop':
        this.feed.drop(replicaId(step.model as ModelId, step.server as ServerId));
        break;
      case 'look':
      case 'declare':
        if (!this.feed.servers.get(step.server as ServerId)?.isObserved)
          this.feed.setServer(step.server as ServerId, step.kind === 'look');
        break;
      case 'lose':
        this.feed.dropServer(step.server as ServerId);
        break;
      case 'arrive':
        this.arrive();
        break;
      case 'beat':
        this.publisher.beat(this.now);
        break;
      case 'break':
        this.publisher.leave(this.line);
        this.join(this.table.version);
        break;
      case 'succeed':
        this.succeed();
    }
    this.publisher.changed(...this.feed.takeChanges(), this.now);
  }

  /** Another leader: it has looked at no server yet. */
  private succeed(): void {
    this.feed = new FakeFeed(this.feed.term + 1);
    for (const id of SERVERS) this.feed.setServer(id as ServerId, false);
    this.publisher = new RoutePublisher(this.feed);
    this.publisher.changed(...this.feed.takeChanges(), this.now);
    this.join(this.table.version);
  }

  arrive(): boolean {
    const event = this.line.sent.shift();
    if (!event) return false;
    this.table.take(event, this.now);
    this.publisher.flush(this.line, this.now);
    return true;
  }

  /** Lets all arrive that is under way. */
  settle(): void {
    while (this.arrive());
  }
}

const idsOf = (rows: Iterable<{ id: string }>): string[] => [...rows].map(({ id }) => id).sort();

describe('a table that is told by a publisher', () => {
  it('comes to say what the leader says, whatever happens on the way', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const play = new Play();
        for (const step of script) play.take(step);
        for (const id of SERVERS) play.feed.setServer(id as ServerId);
        play.publisher.changed(...play.feed.takeChanges(), play.now);
        play.settle();
        expect(idsOf(play.table.rows.values())).toEqual(idsOf(play.feed.rows.values()));
        expect(play.table.version).toEqual(play.feed.version);
      }),
    );
  });

  it('keeps the rows of servers at which the next leader has not looked, and no other', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const play = new Play();
        for (const step of script) play.take(step);
        play.settle();
        const before = new Set(play.table.rows.keys());
        play.take({ kind: 'succeed' });
        play.settle();
        expect(new Set(play.table.rows.keys())).toEqual(before);
        play.take({ kind: 'look', server: 's' });
        play.settle();
        const kept = [...before].filter((id) => !id.endsWith('@s'));
        expect([...play.table.rows.keys()].sort()).toEqual(kept.sort());
      }),
    );
  });

  it('is sent one event at a time', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const play = new Play();
        for (const step of script) {
          play.take(step);
          expect(play.line.sent.length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('is told a version as the latest one only with all that belongs to it', () => {
    const feed = new FakeFeed();
    for (let nth = 0; nth < 2_500; nth += 1) feed.put(aRow(`m${nth}`, 's'));
    feed.takeChanges();
    const line = new SlowLine();
    const publisher = new RoutePublisher(feed);
    publisher.join(line, null, 0);
    const events: RouteEvent[] = [];
    for (let event = line.sent.shift(); event; event = line.sent.shift()) {
      events.push(event);
      publisher.flush(line, 0);
    }
    expect(events.map(({ resets, hasMore }) => [resets, hasMore])).toEqual([
      [true, true],
      [false, true],
      [false, false],
    ]);
    expect(events.flatMap(({ rows }) => rows)).toHaveLength(2_500);
  });

  it('is told what is newer than the version that it has, and all where that is not known', () => {
    const feed = new FakeFeed().put(aRow('a', 's')).put(aRow('b', 's'));
    const publisher = new RoutePublisher(feed);
    publisher.changed(...feed.takeChanges(), 0);
    feed.put(aRow('c', 's'));
    publisher.changed(...feed.takeChanges(), 0);
    const have = feed.version;
    feed.put(aRow('d', 's'));
    publisher.changed(...feed.takeChanges(), 0);
    const told = (version: RouteVersion): RouteEvent => {
      const line = new SlowLine();
      publisher.join(line, version, 0);
      return line.sent[0]!;
    };
    // What came with that version is told once more: more of it may have changed since.
    expect(told(have)).toMatchObject({
      resets: false,
      rows: [{ model: 'c' }, { model: 'd' }],
    });
    for (const other of [
      { term: 1, sequence: 2 },
      { term: 1, sequence: 9 },
      { term: 0, sequence: 3 },
    ])
      expect([other, told(other).resets, told(other).rows.length]).toEqual([other, true, 4]);
  });
});
