import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { demandOwnOrigin } from './local-callers.js';

const demand = (headers: object) => (): void => demandOwnOrigin({ headers } as FastifyRequest);
const host = 'berth.example:7080';

describe('ports that are open to all', () => {
  it.each([
    [{ host }],
    [{ host, origin: `http://${host.toUpperCase()}` }],
    [{ host: 'berth.example:80', origin: 'http://berth.example' }],
    [{ host: '[2001:db8::1]:443', origin: 'https://[2001:db8::1]' }],
    [{}],
  ])('take a call of any machine, and of a page of their own: %j', (headers) => {
    expect(demand(headers)).not.toThrow();
  });

  it.each(['http://evil.example', 'http://berth.example', 'http://evil.example:7080', 'null', ''])(
    'refuse a page of another origin: %j',
    (origin) => {
      expect(demand({ host, origin })).toThrow('Origin must be');
      expect(demand({ origin })).toThrow('Origin must be');
    },
  );
});
