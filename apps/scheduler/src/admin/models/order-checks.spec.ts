import { mock } from 'node:test';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Event, Fleet, ModelId } from '#core';
import type { Engine } from '#engine';
import { lookedForAnew } from './order-checks.js';
import { TurnWatch } from './turn-watch.js';

const M = 'm' as ModelId;

const aServer = (contact: string, mode = 'explicit') => ({
  ...{ spec: { labels: {} }, contact: { kind: contact }, mode },
  ...{ everSeen: true, lookedAt: null, repository: new Map() },
});

/** An engine that remembers what it is told. */
function anEngine(servers: Readonly<Record<string, object>>) {
  const told: Event[] = [];
  const models = new Map([[M, { require: {} }]]);
  const fleet = { servers: new Map(Object.entries(servers)), models } as unknown as Fleet;
  const engine = { fleet, now: () => 1, tell: (event: Event) => void told.push(event) };
  return { engine: engine as unknown as Engine, told };
}

describe('a look for a model at slow servers', () => {
  // The time does not pass.
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('ends once its caller has gone', async () => {
    const { engine } = anEngine({ a: aServer('up') });
    const gone = new AbortController();
    const looking = lookedForAnew(engine, new TurnWatch(), M, gone.signal);
    gone.abort();
    await expect(looking).resolves.toBeUndefined();
  });

  it('is ordered of those alone that it waits for: others are tried when their time comes', async () => {
    const { engine, told } = anEngine({
      ...{ a: aServer('up'), b: aServer('lost'), c: aServer('connecting'), d: aServer('up', 'restricted') },
    });
    const watch = new TurnWatch();
    const looking = lookedForAnew(engine, watch, M);
    expect(told).toEqual([{ kind: 'ServersDoubted', servers: ['a'] }]);
    watch.close();
    await looking;
  });

  it('is over at once where it would wait for none', async () => {
    const { engine, told } = anEngine({ b: aServer('lost') });
    await lookedForAnew(engine, new TurnWatch(), M);
    expect(told).toEqual([]);
  });

  it('says what too many wait for', async () => {
    const { engine } = anEngine({ a: aServer('up') });
    const watch = new TurnWatch();
    const looks = Array.from({ length: 1_000 }, () => lookedForAnew(engine, watch, M));
    await expect(lookedForAnew(engine, watch, M)).rejects.toMatchObject({
      facts: { reason: 'queue_full', detail: 'too many callers wait for a look at the repositories already' },
    });
    watch.close();
    await Promise.all(looks);
  });
});
