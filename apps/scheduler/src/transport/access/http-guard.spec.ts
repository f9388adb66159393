import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { ANONYMOUS } from '#access';
import { FakeAccess } from '../../../../../test/support/fake-access.js';
import { guardHttp } from './http-guard.js';
import { OFF } from '../../../../../test/support/access-off.js';

const handled = (): string => 'handled';

describe('routes', () => {
  let server: FastifyInstance;
  let access: FakeAccess | typeof OFF;

  beforeEach(() => {
    access = new FakeAccess();
    server = fastify();
    guardHttp(server, { access: () => access, isOwnName: null });
  });

  afterEach(() => server.close());

  it('are not registered where they do not say what they need', () => {
    expect(() => server.get('/forgotten', handled)).toThrow('GET /forgotten does not say what it needs');
    expect(() => server.get('/told', { config: { needs: 'read' } }, handled)).not.toThrow();
  });

  it('know their caller, whoever it is', async () => {
    server.get('/caller', { config: { needs: 'read' } }, ({ principal }) => principal);
    const headers = (access as FakeAccess).know('k', { role: 'viewer', tenant: 'risk' });
    const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/caller`;
    expect(await (await fetch(url, { headers })).json()).toMatchObject({ credential: 'k', tenant: 'risk' });
    access = OFF;
    expect(await (await fetch(url)).json()).toEqual(ANONYMOUS);
  });

  it('are for any caller where ports are open to all, but for no web page of another origin', async () => {
    const open = fastify();
    guardHttp(open, { access: () => OFF, isOwnName: (name) => name === 'berth' });
    open.get('/open', { config: { needs: 'read' } }, handled);
    const url = `${await open.listen({ host: '127.0.0.1', port: 0 })}/open`;
    const told = async (origin?: string): Promise<string> =>
      (await fetch(url, { headers: origin === undefined ? {} : { origin } })).text();
    expect([await told(), await told(new URL(url).origin)]).toEqual(['handled', 'handled']);
    expect(await told('http://evil.example')).toContain('Origin must be');
    const called = async (host: string): Promise<string> => {
      const [answer] = (await once(request(url, { headers: { host } }).end(), 'response')) as [
        IncomingMessage,
      ];
      return text(answer);
    };
    expect([await called('berth:80'), await called('[::1]:80')]).toEqual(['handled', 'handled']);
    expect(await called('evil.example')).toContain('Host must be');
    await open.close();
  });

  it('have no caller where they need nothing', async () => {
    server.get('/open', { config: { needs: 'nothing' } }, ({ principal }) => ({ principal }));
    const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/open`;
    expect(await (await fetch(url)).json()).toEqual({ principal: null });
  });
});
