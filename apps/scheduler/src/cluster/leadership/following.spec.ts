import { afterEach, describe, expect, it } from '@jest/globals';
import type { Config } from '#config';
import { Following, type FollowingParts } from './following.js';

describe('what answers where this process does not lead', () => {
  let following: Following | undefined;

  afterEach(() => following?.close());

  const openWith = (config: () => Config, routes: object): Following => {
    const candidate = { present: null, follow: () => undefined };
    const parts = {
      config,
      peers: { name: 'p', candidate },
      lifecycle: {},
      metrics: {},
      peerKey: {},
      routes,
    };
    return new Following(parts as unknown as FollowingParts);
  };
  const stopping = (maxWaitMs: number): Config =>
    ({
      ...{ defaults: { coldStart: { maxWaitMs } }, peer: { ca: null }, staleRoutes: 'stop' },
    }) as unknown as Config;

  it('answers no warm call by a table that is out of date, where stale routes are not given', () => {
    const table = { isReady: true, isReceived: true };
    following = openWith(() => stopping(1), { table });
    expect(following.answersWarm).toBe(true);
    table.isReady = false;
    expect(following.answersWarm).toBe(false);
  });

  it('has calls that tell no wait seek a leader for as long as the configuration says at that moment', () => {
    let maxWaitMs = 60_000;
    following = openWith(() => stopping(maxWaitMs), {});
    expect(following.longestWait).toBe(60_000);
    maxWaitMs = 600_000;
    expect(following.longestWait).toBe(600_000);
  });
});
