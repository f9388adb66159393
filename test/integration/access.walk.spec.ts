import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, credentials, Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { type Role, ROLES } from '#access';
import { adminClientService, externalScalerClientService, routerClientService } from '#contracts';
import { issueKey } from '../support/issued-key.js';
import { OPERATIONS } from '../../apps/scheduler/src/transport/access/operations.js';
import { OVER_GRPC, OVER_HTTP, PRESENTED, type PresentedAs } from '../support/rights.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';

/** An empty message, as gRPC frames it. */
const EMPTY = Buffer.alloc(0);
/** `list_services: ""`, field 7 of a question to reflection. */
const LIST_SERVICES = Buffer.from([0x3a, 0x00]);
/** Operations that HTTP does not have. */
const GRPC_ALONE = ['WatchRoutes', 'ReportUsage'];

describe('a walk over all operations', () => {
  let world: World;
  let client: Client;
  let headers: Record<PresentedAs, Readonly<Record<string, string>>>;

  beforeAll(async () => {
    const keys = ROLES.map((role) => [role, issueKey(`key-of-${role}`, role)] as const);
    const past = issueKey('key-of-the-past', 'admin', { expires: '2026-01-01T00:00:00Z' });
    const roles = Object.fromEntries(keys.map(([role, { headers: shown }]) => [role, shown]));
    const wrong = issueKey('key-of-nobody', 'admin').headers;
    headers = { none: {}, wrong, expired: past.headers, ...(roles as Record<Role, typeof wrong>) };
    const auth = { keys: [past.line, ...keys.map(([, { line }]) => line)] };
    world = await startWorld({ yaml: `auth: ${JSON.stringify(auth)}`, headers: headers.admin });
    client = new Client(world.scheduler.grpc, credentials.createInsecure());
  });

  afterAll(async () => {
    client.close();
    await world.close();
  });

  /** Which of all get through. Throws where another is refused for the wrong reason. */
  async function through(isThrough: (as: PresentedAs) => Promise<boolean>): Promise<PresentedAs[]> {
    const found: PresentedAs[] = [];
    for (const as of PRESENTED) if (await isThrough(as)) found.push(as);
    return found;
  }

  const reasonFor = (as: PresentedAs): string =>
    (ROLES as readonly string[]).includes(as) ? 'not_allowed' : 'not_signed_in';

  it('finds over HTTP what docs/api.md says, for every operation that is published', async () => {
    const published = Object.entries(world.published).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const found: Record<string, PresentedAs[]> = {};
    for (const operation of [...published, 'GET /openapi.json']) {
      const [method = '', template = ''] = operation.split(' ');
      found[operation] = await through(async (as) => {
        const path = template.replaceAll(/\{\w+\}/g, 'nobody');
        const {
          status: told,
          body,
          headers: answered,
        } = await call(world, method, path, undefined, headers[as]);
        if (told !== 401 && told !== 403) return true;
        expect([operation, as, body.reason]).toEqual([operation, as, reasonFor(as)]);
        expect(JSON.stringify([body, [...answered]])).not.toContain('berth_key-of');
        expect(answered.get('www-authenticate')).toBe(told === 401 ? 'Bearer' : null);
        return false;
      });
    }
    expect(found).toEqual(OVER_HTTP);
  });

  it('finds each operation over HTTP, but those of gRPC alone', () => {
    const published = Object.values(world.published).flatMap((one) => Object.values(one));
    const found = published.map(({ operationId }) => operationId);
    expect([...new Set([...found, 'GetOpenApi', ...GRPC_ALONE])].toSorted()).toEqual(
      Object.keys(OPERATIONS).toSorted(),
    );
  });

  it('finds each path in docs/api.md', () => {
    const guide = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
    const missing = Object.keys(world.published).filter((path) => !guide.includes(`${path}\``));
    expect(missing.map((path) => `add to docs/api.md: ${path}`)).toEqual([]);
  });

  it('finds over gRPC what docs/api.md says, for every method that is served', async () => {
    const own = [adminClientService(), routerClientService(), externalScalerClientService(), healthService];
    const paths = own.flatMap((service) => Object.values(service).map(({ path }) => path));
    const reflection = ['v1', 'v1alpha'].map(
      (version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    );
    const found: Record<string, PresentedAs[]> = {};
    for (const path of [...paths, ...reflection]) {
      found[path] = await through(async (as) => {
        const ended = await asked(client, path, headers[as]);
        const { code, metadata } = ended;
        if (code !== status.UNAUTHENTICATED && code !== status.PERMISSION_DENIED) return true;
        const reason = reasonFor(as);
        const details = String(metadata.get('grpc-status-details-bin')[0]);
        expect([path, as, details]).toEqual([path, as, expect.stringContaining(reason.toUpperCase())]);
        expect(JSON.stringify(ended) + details).not.toContain('berth_key-of');
        const isUnsigned = code === status.UNAUTHENTICATED;
        expect(isUnsigned).toBe(reason === 'not_signed_in');
        return false;
      });
    }
    expect(found).toEqual(OVER_GRPC);
  });

  it('has walked over all services that reflection tells of', async () => {
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const { messages } = await asked(client, path, headers.viewer, LIST_SERVICES);
    const told = Buffer.concat(messages)
      .toString('latin1')
      .match(/(berth|externalscaler)(\.[A-Za-z0-9]+)+/g);
    const walked = Object.keys(OVER_GRPC).map((one) => one.split('/')[1]);
    expect(told?.length).toBeGreaterThan(0);
    expect(told?.filter((service) => !walked.includes(service))).toEqual([]);
  });

  it.each([
    ['/', 404],
    ['/v1/nothing', 404],
    ['/v1/nothing?dept=1', 404],
    ['/v1/models/a/b/c', 404],
    ['/%zz', 400],
    [`/v1/models/${'a'.repeat(3_000)}`, 414],
  ])('asks for a credential before it says what is wrong with the path: %.20s', async (path, wrong) => {
    const { scheduler } = world;
    expect((await call({ scheduler }, 'GET', path)).body.reason).toBe('not_signed_in');
    expect((await call({ scheduler }, 'GET', path, undefined, headers.metrics)).status).toBe(wrong);
  });

  it('asks for a credential before it looks at the method or the query', async () => {
    expect((await call(world, 'DELETE', '/v1/models', undefined, {})).status).toBe(401);
    expect((await call(world, 'HEAD', '/v1/models', undefined, headers.gateway)).status).toBe(403);
    expect((await call(world, 'GET', '/v1/models?dept=1', undefined, headers.gateway)).status).toBe(403);
  });

  it('refuses before anything of a body has come', async () => {
    for (const path of ['/v1/models:batch', '/v1/models/m/resolve', '/v1/nothing']) {
      const { socket, answer } = await begun(world, path);
      expect([path, await answer]).toEqual([path, expect.stringMatching(/^HTTP\/1\.1 401 /)]);
      socket.destroy();
    }
    const { code } = await asked(client, '/berth.v1.Admin/BatchModels', headers.operator, null);
    expect(code).toBe(status.PERMISSION_DENIED);
  });

  it('takes any Host and Origin from a caller with a credential', async () => {
    const foreign = { ...headers.viewer, origin: 'https://example.com' };
    expect((await call(world, 'GET', '/v1/fleet', undefined, foreign)).status).toBe(200);
  });

  it('publishes that credentials are needed, and of what kind', async () => {
    const { body } = await call(world, 'GET', '/openapi.json', undefined, headers.viewer);
    expect(body.components.securitySchemes).toEqual({ bearer: { type: 'http', scheme: 'bearer' } });
    const { get } = body.paths['/v1/models'];
    expect([get.security, Object.keys(get.responses)]).toEqual([
      [{ bearer: [] }],
      expect.arrayContaining(['401', '403']),
    ]);
    expect(body.paths['/health/live'].get.security).toBeUndefined();
  });
});

interface Ended extends StatusObject {
  readonly messages: readonly Buffer[];
}

/**
 * Calls a method of any kind with one message, or with null: none, and says nothing of an end. Resolves with how it ended; what
 * answers without an end is cancelled.
 */
function asked(
  client: Client,
  path: string,
  headers: Record<string, string>,
  message: Buffer | null = EMPTY,
): Promise<Ended> {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  const same = (bytes: Buffer): Buffer => bytes;
  const stream = client.makeBidiStreamRequest(path, same, same, metadata);
  const messages: Buffer[] = [];
  return new Promise((resolve) => {
    stream.on('error', () => undefined);
    stream.on('status', (ended: StatusObject) => resolve({ ...ended, messages }));
    stream.on('data', (bytes: Buffer) => {
      messages.push(bytes);
      if (path.endsWith('/Watch') || path.endsWith('/StreamIsActive')) stream.cancel();
    });
    if (message === null) return;
    stream.write(message);
    stream.end();
  });
}

/** Sends the head of a request of 3 MB, and nothing of its body. */
async function begun(
  { scheduler }: World,
  path: string,
): Promise<{ socket: Socket; answer: Promise<string> }> {
  const { hostname, port } = new URL(scheduler.http);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const answer = once(socket, 'data').then(([bytes]) => String(bytes));
  const head = [`POST ${path} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json'];
  socket.write(`${head.join('\r\n')}\r\nContent-Length: 3000000\r\n\r\n`);
  return { socket, answer };
}
