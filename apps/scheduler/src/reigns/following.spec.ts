import { afterEach, describe, expect, it } from '@jest/globals';
import type { Config } from '#config';
import { Following, type FollowingParts } from './following.js';

describe('what answers where this process does not lead', () => {
  let following: Following | undefined;

  afterEach(() => following?.close());

  it('has calls that tell no wait seek a leader for as long as the configuration says at that moment', () => {
    let maxWaitMs = 60_000;
    const config = (): Config =>
      ({
        ...{ defaults: { coldStart: { maxWaitMs } }, peer: { ca: null }, staleRoutes: 'stop' },
      }) as unknown as Config;
    const candidate = { present: null, follow: () => undefined };
    const lasting = { lifecycle: {}, metrics: {}, peerKey: {}, routes: {} };
    const parts = { config, peers: { name: 'p', candidate }, running: { lasting }, parts: {} };
    following = new Following(parts as unknown as FollowingParts);
    expect(following.longestWait).toBe(60_000);
    maxWaitMs = 600_000;
    expect(following.longestWait).toBe(600_000);
  });
});
