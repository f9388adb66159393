import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DeclarationChange, StoredAlert } from '#engine';
import { FiringAlerts } from './firing-alerts.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MOST = 10_000;

describe('the episodes of alerts', () => {
  let stored: Map<string, StoredAlert>;
  let now: number;
  let firing: FiringAlerts;

  beforeEach(() => {
    stored = new Map();
    now = Date.parse('2026-01-01T00:00:00Z');
    firing = new FiringAlerts(stored);
  });

  function keep(changes: readonly DeclarationChange[]): number {
    for (const change of changes) {
      if (change.kind !== 'episode') continue;
      if (change.value === null) stored.delete(change.key);
      else stored.set(change.key, change.value);
    }
    firing.follow(changes);
    return changes.length;
  }

  /** Begins episodes in one body; returns how many others had to go. */
  function begin(...keys: string[]): number {
    const draft = firing.draft(now);
    for (const key of keys) draft.set(key, { isDone: true, holds: null, undo: false });
    const { changes, dropped } = draft.changes();
    keep(changes);
    return dropped;
  }

  /** Repeats an alert; returns how many writes that takes. */
  function repeat(key: string): number {
    const draft = firing.draft(now);
    draft.hear(key);
    return keep(draft.changes().changes);
  }

  it('take one write an hour for their repeats, and are forgotten 30 days after the last one', () => {
    begin('a', 'b');
    now += HOUR - 1;
    expect(repeat('a')).toBe(0);
    now += 1;
    expect([repeat('a'), repeat('a')]).toEqual([1, 0]);
    now += 30 * DAY - HOUR;
    expect(keep(firing.overdue(now))).toBe(1);
    expect([...stored.keys()]).toEqual(['a']);
  });

  it('are 10,000 at most: those heard least recently give way, also after a restart', () => {
    begin(...Array.from({ length: MOST }, (_, nth) => `e${nth}`));
    now += 2 * DAY;
    repeat('e0');
    firing = new FiringAlerts(stored);
    expect(begin('more', 'e3')).toBe(1);
    expect([firing.size, stored.has('e0'), stored.has('e1'), stored.has('e3')]).toEqual([
      MOST,
      true,
      false,
      true,
    ]);
  });

  it('go on for a day of silence, also where repeats were not stored, and not for longer', () => {
    const goesOn = (): boolean => firing.draft(now).current('a') !== undefined;
    begin('a');
    now += HOUR - 1;
    repeat('a');
    now += DAY - 1;
    expect(goesOn()).toBe(true);
    now += 1;
    expect([goesOn(), firing.draft(now).get('a')]).toEqual([false, expect.anything()]);
  });

  it('of an earlier version go on under their fingerprint alone', () => {
    const heardAt = new Date(now).toISOString();
    const old = { heardAt, isDone: true, holds: null, undo: true };
    stored.set('a-2026-01-01T00:00:00Z', old).set('b-2026-01-01T00:00:00Z', old);
    firing = new FiringAlerts(stored);
    const draft = firing.draft(now);
    expect(draft.current('a')).toEqual(old);
    draft.end('b');
    keep(draft.changes().changes);
    keep(firing.overdue(now));
    expect([[...stored.keys()], firing.size, firing.overdue(now)]).toEqual([['a'], 1, []]);
  });

  it('that begin and end in one body leave nothing behind', () => {
    const draft = firing.draft(now);
    draft.set('a', { isDone: true, holds: { kind: 'drain', name: 's', revision: 1 }, undo: true });
    expect(draft.holdersOf({ kind: 'drain', name: 's', revision: 1 })).toEqual(new Set(['a']));
    draft.end('a');
    expect(draft.holdersOf({ kind: 'drain', name: 's', revision: 1 }).size).toBe(0);
    expect(draft.changes()).toEqual({ changes: [], dropped: 0 });
  });
});
