import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { demandOwnName } from './local-callers.js';

const demand = (headers: object) => (): void =>
  demandOwnName({ headers } as FastifyRequest, (name) => name === 'berth.example');
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

  it.each([
    '10.0.0.1',
    '10.0.0.1:7080',
    '[::1]',
    '[2001:db8::1]:7080',
    'Berth.Example:7080',
    'berth.example:',
  ])('take a Host that is an address or a name of ours: %j', (own) =>
    expect(demand({ host: own })).not.toThrow(),
  );

  it.each([
    'evil.example',
    'evil.example:7080',
    'x.berth.example',
    'evil.example:80@berth.example',
    '[evil]',
    '',
    ' ',
  ])('refuse a Host that is none, with an Origin of the same name, too: %j', (foreign) => {
    expect(demand({ host: foreign })).toThrow('Host must be an address');
    expect(demand({ host: foreign, origin: `http://${foreign}` })).toThrow('Host must be an address');
  });
});
