import { beforeEach, describe, expect, it } from '@jest/globals';
import { ANONYMOUS } from '#access';
import type { StoredAnswer, DeclarationChange, Written } from '#engine';
import { emptyAudit } from '../../../../../test/support/empty-audit.js';
import { Lifecycle } from '../../transport/lifecycle.js';
import { IdempotencyKeys, type Operation } from './idempotency-keys.js';
import {
  type Caller,
  callerOf,
  checkConditions,
  checkIfMatch,
  checkPut,
} from '../../transport/access/caller.js';
import { type Prepared, Writes } from './writes.js';

const DAY = 24 * 3_600_000;

describe('writes', () => {
  let stored: DeclarationChange[];
  let kept: Map<string, StoredAnswer>;
  let dropped: number;
  let broken: boolean;
  let isConfirmed: boolean;
  let now: number;
  let idempotencyKeys: IdempotencyKeys;
  let lifecycle: Lifecycle;
  let writes: Writes;

  beforeEach(() => {
    stored = [];
    broken = false;
    isConfirmed = true;
    now = Date.parse('2026-01-01T00:00:00Z');
    dropped = 0;
    const store = { answer: async (key: string) => kept.get(key) };
    const onDropped = (count: number): void => void (dropped += count);
    kept = new Map();
    idempotencyKeys = new IdempotencyKeys({ store, given: new Map(), wallNow: () => now, onDropped });
    lifecycle = new Lifecycle();
    const write = async (changes: readonly DeclarationChange[]): Promise<Written> => {
      await Promise.resolve();
      if (broken) throw new Error('the disk is full');
      stored.push(...changes.filter(({ kind }) => !kind.startsWith('audit')));
      for (const change of changes) {
        if (change.kind !== 'answer') continue;
        if (change.value === null) kept.delete(change.key);
        else kept.set(change.key, change.value);
      }
      return { durable: isConfirmed };
    };
    writes = new Writes({ write }, { idempotencyKeys, audit: emptyAudit() }, lifecycle);
  });

  const change: DeclarationChange = { kind: 'model', name: 'm', value: { revision: 1, spec: {} } };

  it('are durable before they take effect', async () => {
    const order: string[] = [];
    await writes.perform(operation(), () => ({
      ...prepared([change]),
      commit: () => order.push(`stored ${stored.length}`),
    }));
    expect(order).toEqual(['stored 1']);
  });

  it('happen one after another', async () => {
    const order: string[] = [];
    const slow = writes.perform(operation(), () => ({
      ...prepared([change]),
      commit: () => order.push('first'),
    }));
    const fast = writes.perform(operation(), () => {
      order.push('second is checked');
      return prepared([]);
    });
    await Promise.all([slow, fast]);
    expect(order).toEqual(['first', 'second is checked']);
  });

  it('change nothing where they are refused or cannot be stored', async () => {
    const refuse = writes.perform(operation(), () => {
      throw new Error('no');
    });
    await expect(refuse).rejects.toThrow('no');
    const senseless = { ...operation(), caller: callerOf(ANONYMOUS, () => '?') };
    await expect(writes.perform(senseless, () => prepared([change]))).rejects.toThrow('If-Match: must be');
    broken = true;
    let committed = false;
    const unstored = writes.perform(operation(), () => ({
      ...prepared([change]),
      commit: () => (committed = true),
    }));
    await expect(unstored).rejects.toThrow('the disk is full');
    expect([stored, committed]).toEqual([[], false]);
    broken = false;
    await writes.perform(operation(), () => prepared([change]));
    expect(stored).toHaveLength(1);
  });

  it('with one key take effect once, for a day', async () => {
    let commits = 0;
    const again = () =>
      writes.perform(operation('k', { a: 1 }), () => ({
        ...prepared([change], 201),
        commit: () => (commits += 1),
      }));
    const first = await again();
    expect(await again()).toEqual(first);
    expect(commits).toBe(1);
    await expect(writes.perform(operation('k', { a: 2 }), () => prepared([]))).rejects.toMatchObject({
      facts: { reason: 'idempotency_key_reused' },
    });
    now += DAY;
    await again();
    expect(commits).toBe(2);
  });

  it('that no replica has confirmed are not said to be durable when they are asked for again, until one has', async () => {
    let commits = 0;
    const again = async () =>
      (
        await writes.perform(operation('k'), () => ({
          ...prepared([change]),
          commit: () => (commits += 1),
        }))
      ).isDurable;
    isConfirmed = false;
    expect([await again(), await again()]).toEqual([false, false]);
    isConfirmed = true;
    expect([await again(), commits]).toEqual([true, 1]);
    const count = stored.length;
    expect([await again(), stored.length]).toEqual([true, count]);
  });

  it('are answered again with the thing as it is, and the status, revision and state of the first answer', async () => {
    let present = { revision: '1', state: 'absent', labels: 'old' };
    const order = (state: string) =>
      writes.perform({ ...operation('k'), present: () => present }, () => ({
        ...prepared([change], 202),
        view: () => present,
        commit: () => (present = { revision: '2', state, labels: 'old' }),
      }));
    const first = await order('draining');
    expect(first).toMatchObject({ status: 202, body: { revision: '2', state: 'draining', labels: 'old' } });
    present = { revision: '3', state: 'ready', labels: 'new' };
    expect(await order('never')).toMatchObject({ status: 202, body: { ...first.body, labels: 'new' } });
    await writes.toldLater({ ...operation('k'), present: () => present }, { status: 202, body: present });
    expect(await order('never')).toMatchObject({ status: 202, body: present });
    expect(present.state).toBe('ready');
  });

  it('that took effect, and of which the answer could not be noted, are answered by the next try', async () => {
    let state = 'absent';
    let commits = 0;
    const again = () =>
      writes.perform({ ...operation('k'), present: () => ({ state }) }, () => ({
        ...prepared([change]),
        view: () => ({ state }),
        commit: () => {
          [state, broken] = ['waiting', true];
          commits += 1;
        },
      }));
    await expect(again()).rejects.toThrow('the disk is full');
    broken = false;
    expect([(await again()).body, commits]).toEqual([{ state: 'absent' }, 1]);
  });

  it('keep little of an answer, however much was written, and forget the oldest first where there are too many', async () => {
    const [large, small] = [45_000, 1].map((size) => ({ labels: { filler: 'x'.repeat(size) } }));
    const path = (nth: number): string => `/v1/models/m-${nth}`;
    const put = (nth: number) => {
      const body = nth % 100 === 0 ? large : small;
      const asked = { ...operation(`key-${nth}`, body), path: path(nth), present: () => 'again' };
      return writes.perform(asked, () => ({ ...prepared([]), view: () => JSON.stringify(body) }));
    };
    for (let nth = 0; nth < 10_003; nth += 1) await put(nth);
    expect([kept.size, dropped, kept.has(`anonymous PUT ${path(2)} key-2`)]).toEqual([10_000, 3, false]);
    const sizes = [...kept].map(([key, value]) => key.length + JSON.stringify(value).length);
    expect(Math.max(...sizes)).toBeLessThan(300);
    expect((await put(10_002)).body).toBe('again');
    now += DAY;
    await writes.tidy();
    expect([kept.size, dropped]).toEqual([0, 3]);
  });

  it('of webhooks are stored before they take effect, and change nothing where they say nothing new', async () => {
    const order: string[] = [];
    const hear = (changes: readonly DeclarationChange[]) =>
      writes.hear(operation(), () => ({ changes, commit: () => order.push(`stored ${stored.length}`) }));
    const hook: DeclarationChange = {
      kind: 'hook',
      key: 'k',
      value: { at: '2026-01-01T00:00:00Z', word: null },
    };
    await hear([change, hook]);
    await hear([]);
    expect([order, stored]).toEqual([
      ['stored 2', 'stored 2'],
      [change, hook],
    ]);
  });

  it('of webhooks are refused as busy where others are told that the queue is full', async () => {
    const hear = () => writes.hear(operation(), () => ({ changes: [], commit: () => 'done' }));
    const waiting = Array.from({ length: 1_000 }, hear);
    await expect(hear()).rejects.toMatchObject({ facts: { reason: 'busy' } });
    const other = writes.perform(operation(), () => prepared([]));
    await expect(other).rejects.toMatchObject({ facts: { reason: 'queue_full' } });
    const told = (await Promise.all(waiting)).map(({ body }) => body);
    expect(new Set(told)).toEqual(new Set(['done']));
    lifecycle.end();
    await expect(hear()).rejects.toMatchObject({ facts: { reason: 'shutting_down' } });
  });

  it('forget old answers', async () => {
    await writes.perform(operation('k'), () => prepared([]));
    now += DAY;
    await writes.tidy();
    expect(stored.at(-1)).toMatchObject({ kind: 'answer', value: null });
    expect(idempotencyKeys.overdue()).toEqual([]);
  });

  it('are refused once the process ends', async () => {
    lifecycle.end();
    await expect(writes.perform(operation(), () => prepared([]))).rejects.toMatchObject({
      facts: { reason: 'shutting_down' },
    });
  });
});

describe('the conditions of a write', () => {
  const caller = (headers: Record<string, string>): Caller => callerOf(ANONYMOUS, (name) => headers[name]);

  it.each(['*', '"7"', '7', '"1", "7"'])('are met by revision 7: %s', (ifMatch) => {
    expect(() => checkIfMatch(caller({ 'if-match': ifMatch }), 7)).not.toThrow();
  });

  it.each(['"8"', 'W/"7"'])('are not met by revision 7: %s', (ifMatch) => {
    expect(() => checkIfMatch(caller({ 'if-match': ifMatch }), 7)).toThrow(/If-Match/);
  });

  it('are not met by what does not exist', () => {
    expect(() => checkPut(caller({ 'if-match': '*' }), null, true)).toThrow(/nothing of this name/);
    expect(() => checkPut(caller({}), null, true)).not.toThrow();
  });

  it.each([{ 'if-match': 'seven' }, { 'idempotency-key': 'a b' }, { 'idempotency-key': '' }])(
    'are refused where they make no sense: %j',
    (headers) => {
      expect(() => checkConditions(caller(headers))).toThrow();
    },
  );
});

function operation(idempotencyKey: string | null = null, body: unknown = null): Operation<string> {
  const caller = { ...ANONYMOUS, idempotencyKey, ifMatch: null };
  return { method: 'PUT', path: '/v1/models/m', body, caller, present: () => 'body' };
}

function prepared(changes: readonly DeclarationChange[], status = 200): Prepared<string> {
  return {
    changes,
    ordered: { model: 'm', revision: 1, isForced: false },
    status,
    view: () => 'body',
    commit: () => undefined,
  };
}
