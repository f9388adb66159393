import { describe, expect, it } from '@jest/globals';
import { ANONYMOUS } from '#access';
import type { Event, ModelId } from '#core';
import type { StoredAnswer, DeclarationChange, Written } from '#engine';
import { emptyAudit } from '../../../../../test/support/empty-audit.js';
import { Lifecycle } from '../../transport/lifecycle.js';
import { IdempotencyKeys } from '../idempotency/idempotency-keys.js';
import { Writes } from '../idempotency/writes.js';
import { ModelOrders } from './model-orders.js';
import { TurnWatch } from './turn-watch.js';

const M = 'm' as ModelId;
const MODEL = { name: 'm', revision: '1', state: 'absent' };
const CALLER = { ...ANONYMOUS, ifMatch: null, signal: new AbortController().signal };

/** Writes whose answers are kept in memory. */
function keptWrites(): Writes {
  const kept = new Map<string, StoredAnswer | null>();
  const write = async (changes: readonly DeclarationChange[]): Promise<Written> => {
    for (const change of changes) if (change.kind === 'answer') kept.set(change.key, change.value);
    return { durable: true };
  };
  const store = { answer: async (key: string) => kept.get(key) ?? undefined };
  const idempotencyKeys = new IdempotencyKeys({ store, given: new Map(), wallNow: () => 0 });
  return new Writes({ write }, { idempotencyKeys, audit: emptyAudit() }, new Lifecycle());
}

/** Orders to a fleet of one server, whose repository the test changes. */
function aDesk() {
  const told: Event[] = [];
  const repository = new Map<ModelId, object>([[M, {}]]);
  const server = {
    spec: { labels: {} },
    contact: { kind: 'up' },
    mode: 'explicit',
    everSeen: true,
    repository,
  };
  const fleet = { servers: new Map([['a', server]]), models: new Map([[M, { require: {} }]]) };
  const engine = { fleet, now: () => 1, tell: (one: Event) => void told.push(one) };
  const effective = { enabled: true, loadTimeoutSeconds: 1 };
  const models = { entry: () => ({ revision: 1, effective }), get: () => MODEL };
  const book = { accept: () => [], follow: () => undefined };
  const watch = new TurnWatch();
  const times = { hasPassed: () => false };
  const parts = [book, engine, models, times, watch, keptWrites()];
  const orders = new ModelOrders(...(parts as unknown as ConstructorParameters<typeof ModelOrders>));
  return { orders, told, repository, watch };
}

describe('an order that is sent again with its Idempotency-Key', () => {
  it('is answered without a look at any server, though no repository has the model any more', async () => {
    const { orders, told, repository, watch } = aDesk();
    const caller = { ...CALLER, idempotencyKey: 'k' };
    const first = await orders.load('m', {}, caller);
    repository.delete(M);
    expect(await orders.load('m', {}, caller)).toEqual(first);
    expect(told.map(({ kind }) => kind)).toEqual(['LoadOrdered']);
    const other = orders.load('m', {}, { ...caller, idempotencyKey: 'other' });
    expect(told.map(({ kind }) => kind)).toEqual(['LoadOrdered', 'ServersDoubted']);
    watch.close();
    await expect(other).rejects.toMatchObject({ facts: { reason: 'infeasible' } });
  });
});
