import { describe, expect, it } from '@jest/globals';
import type { Problems } from '../errors/problems.js';
import { OFF } from '../../../../test/support/access-off.js';
import { fastifyAdapter } from './fastify.js';

describe('the HTTP server', () => {
  it('does not wait for ever for a request that is sent by halves', () => {
    const { server } = fastifyAdapter(
      {} as Problems,
      { httpArrivalSeconds: 30 },
      {
        access: () => OFF,
        isLocal: true,
      },
    ).getInstance();
    expect(server.requestTimeout).toBe(30_000);
    // Node swaps the two where the headers may take longer than all.
    expect('headersTimeout' in server && server.headersTimeout).toBe(30_000);
  });
});
