import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DeclarationChange, StoredHook } from '#engine';
import { WebhookDeduplicator, type Said } from './webhook-deduplicator.js';

const DAY = 24 * 3_600_000;
const MOST = 10_000;

describe('messages of webhooks', () => {
  let stored: Map<string, StoredHook>;
  let now: number;
  let dropped: number;
  let deduplicator: WebhookDeduplicator;

  const restart = (): void => {
    const onDropped = (count: number): void => void (dropped += count);
    deduplicator = new WebhookDeduplicator({ given: stored, wallNow: () => now, onDropped });
  };

  const write = (changes: readonly DeclarationChange[]): void => {
    for (const change of changes) {
      if (change.kind !== 'hook') continue;
      if (change.value === null) stored.delete(change.key);
      else stored.set(change.key, change.value);
    }
    deduplicator.follow(changes);
  };

  /** Whether a message takes effect. */
  function isTaken(said: Said, servers: readonly string[] = ['a']): boolean {
    if (deduplicator.isRepeat(said)) return false;
    write(deduplicator.changesFor(said, servers));
    return true;
  }

  beforeEach(() => {
    stored = new Map();
    [now, dropped] = [Date.parse('2026-01-01T00:00:00Z'), 0];
    restart();
  });

  it('with one id take effect once, whatever was said meanwhile, also after a restart, for a day', () => {
    expect([isTaken(said({ id: '1' })), isTaken(said({ id: '2' })), isTaken(said({ id: '1' }))]).toEqual([
      true,
      true,
      false,
    ]);
    restart();
    expect(isTaken(said({ id: '1', body: 'other' }))).toBe(false);
    now += DAY;
    expect(isTaken(said({ id: '1' }))).toBe(true);
  });

  it('of two senders may have one id', () => {
    isTaken(said({ id: '1' }));
    expect(isTaken(said({ id: '1', credential: 'another' }))).toBe(true);
  });

  it('without an id are repeats as long as they are the latest word about their subject', () => {
    expect([isTaken(said({})), isTaken(said({}))]).toEqual([true, false]);
    restart();
    expect([isTaken(said({})), isTaken(said({ body: 'b' })), isTaken(said({}))]).toEqual([false, true, true]);
  });

  it.each([
    ['another subject', said({ subject: { host: 'h' }, body: 'b' })],
    ['a message with an id', said({ id: '1', body: 'b' })],
  ])('without an id are no repeats after a word about the same server by %s', (_, between) => {
    isTaken(said({}), ['a', 'b']);
    isTaken(between, ['b']);
    expect(isTaken(said({}), ['a', 'b'])).toBe(true);
  });

  it('are 10,000 at most, of which the oldest are forgotten, also after a restart', () => {
    for (let nth = 0; nth < MOST + 3; nth += 1) isTaken(said({ id: String(nth) }), [`s-${nth}`]);
    restart();
    isTaken(said({ id: 'one more' }));
    expect([stored.size, dropped]).toEqual([MOST, 4]);
    expect([isTaken(said({ id: '4' })), isTaken(said({ id: '3' }))]).toEqual([false, true]);
    now += DAY;
    write(deduplicator.overdue());
    expect([stored.size, dropped]).toEqual([0, 5]);
  });

  it('take as much memory for a long id as for a short one', () => {
    isTaken(said({ id: 'x'.repeat(200), credential: 'c'.repeat(2_000) }));
    expect(JSON.stringify([...stored]).length).toBeLessThan(150);
  });

  it('are remembered alike by a process that has run on and by one that has read the store', () => {
    const message = fc.record({
      id: fc.option(fc.constantFrom('1', '2')),
      about: fc.constantFrom(['a'], ['b'], ['a', 'b']),
      body: fc.constantFrom('x', 'y'),
    });
    const all = ['1', '2', null].flatMap((id) =>
      [['a'], ['b'], ['a', 'b']].flatMap((about) =>
        ['x', 'y'].map((body) => said({ id, subject: about, body })),
      ),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), (messages) => {
        stored = new Map();
        restart();
        for (const { id, about, body } of messages) {
          now += 1_000;
          isTaken(said({ id, subject: about, body }), about);
        }
        const before = all.map((one) => deduplicator.isRepeat(one));
        restart();
        expect(all.map((one) => deduplicator.isRepeat(one))).toEqual(before);
        // Words about one server are one at a time.
        const servers = [...stored.values()].flatMap(({ word }) => word?.servers ?? []);
        expect(new Set(servers).size).toBe(servers.length);
      }),
    );
  });
});

function said(parts: Partial<Said>): Said {
  return { credential: 'c', id: null, subject: { server: 'a' }, body: 'a', ...parts };
}
