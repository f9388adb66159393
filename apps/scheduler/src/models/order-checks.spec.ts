import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Fleet, ModelId } from '#core';
import type { Engine } from '#engine';
import { lookedForAnew } from './order-checks.js';
import { TurnWatch } from './turn-watch.js';

describe('a look for a model at slow servers', () => {
  // The time does not pass.
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('ends once its caller has gone', async () => {
    const server = {
      spec: { labels: {} },
      contact: { kind: 'up' },
      mode: 'explicit',
      everSeen: true,
      lookedAt: null,
      repository: new Map(),
    };
    const models = new Map([['m', { require: {} }]]);
    const fleet = { servers: new Map([['a', server]]), models } as unknown as Fleet;
    const engine = { fleet, now: () => 1, tell: () => undefined } as unknown as Engine;
    const watch = new TurnWatch();
    const gone = new AbortController();
    const looking = lookedForAnew(engine, watch, 'm' as ModelId, gone.signal);
    gone.abort();
    await expect(looking).resolves.toBeUndefined();
  });
});
