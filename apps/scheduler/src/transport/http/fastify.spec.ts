import { describe, expect, it } from '@jest/globals';
import type { Problems } from '../errors/problems.js';
import { OFF } from '../../../../../test/support/access-off.js';
import { fastifyAdapter } from './fastify.js';

const serverOf = () =>
  fastifyAdapter(
    {} as Problems,
    { httpArrivalSeconds: 30 },
    { access: () => OFF, isOwnName: null },
  ).getInstance();

describe('the HTTP server', () => {
  it('tells browsers to take no answer for something else, whatever is answered', async () => {
    const fastify = serverOf();
    fastify.get('/there', () => 'text');
    const url = await fastify.listen({ host: '127.0.0.1', port: 0 });
    const answers = await Promise.all(['/there', '/missing'].map((path) => fetch(url + path)));
    await fastify.close();
    const told = answers.map(({ status, headers }) => [status, headers.get('x-content-type-options')]);
    expect(told).toEqual([
      [200, 'nosniff'],
      [404, 'nosniff'],
    ]);
  });

  it('does not wait for ever for a request that is sent by halves', () => {
    const { server } = serverOf();
    expect(server.requestTimeout).toBe(30_000);
    // Node swaps the two where the headers may take longer than all.
    expect('headersTimeout' in server && server.headersTimeout).toBe(30_000);
  });
});
