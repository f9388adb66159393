import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { issueKey } from '../support/issued-key.js';
import { call, type Reply, rpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { TokenIssuer } from '../support/token-issuer.js';
import { PATIENCE_MS, until } from '../support/until.js';

/** So many new tokens are verified in one second of the clock. */
const MAX_VERIFIED = 200;
const TOKENS = 300;
/** So many requests may wait for one model. */
const MAX_WAITING = 20;
/** What one tenant asks for at once, and the other. */
const [FLOOD, FEW] = [400, 4];

const reasonOf = ({ status, body }: Reply): unknown => (status < 300 ? status : body.reason);

function countsOf(replies: readonly Reply[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of replies.map((reply) => String(reasonOf(reply)))) {
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

describe('callers of a busy Berth', () => {
  const [viewer, admin] = [issueKey('viewer', 'viewer'), issueKey('admin', 'admin')];
  const flooding = issueKey('flooding', 'gateway', { tenant: 'flooding' });
  const quiet = issueKey('quiet', 'gateway', { tenant: 'quiet' });
  let issuer: TokenIssuer;
  let world: World;
  let now = Date.now();

  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    await issuer.addKey('k', 'EdDSA');
    const { url, audience, jwks } = issuer;
    const jwt = [{ issuer: url, audience, jwks, grants: [{ claim: 'role', equals: 'v', role: 'viewer' }] }];
    const auth = { keys: [viewer, admin, flooding, quiet].map(({ line }) => line), jwt };
    const coldStart = { maxQueue: MAX_WAITING, maxWaitMs: PATIENCE_MS };
    world = await startWorld({
      yaml: `auth: ${JSON.stringify(auth)}\nmodels: ${JSON.stringify({ 't5-large': { coldStart } })}`,
      headers: admin.headers,
      parts: { wallNow: () => now },
    });
  });

  afterAll(async () => {
    await world.close();
    await issuer.close();
  });

  const fleet = (headers: Readonly<Record<string, string>>): Promise<Reply> =>
    call(world, 'GET', '/v1/fleet', undefined, headers);

  it('have new tokens verified up to a bound in a second; the others are told to come again, and keys are untouched', async () => {
    const exp = Math.floor(now / 1_000) + 600;
    const tokens = await Promise.all(
      Array.from({ length: TOKENS }, (_, nth) => issuer.token('k', { sub: `s${nth}`, role: 'v', exp })),
    );
    const shown = tokens.map((token) => ({ authorization: `Bearer ${token}` }));
    const withKeys = Promise.all(shown.map(() => fleet(viewer.headers)));
    const first = await Promise.all(shown.map(fleet));
    expect(countsOf(first)).toEqual({ 200: MAX_VERIFIED, busy: TOKENS - MAX_VERIFIED });
    const refused = first.filter(({ status }) => status === 503);
    expect(refused.every(({ headers }) => Number(headers.get('retry-after')) > 0)).toBe(true);
    expect(countsOf(await withKeys)).toEqual({ 200: TOKENS });
    expect(countsOf(await Promise.all(shown.map(fleet)))).toEqual(countsOf(first));
    now += 1_000;
    expect(countsOf(await Promise.all(shown.map(fleet)))).toEqual({ 200: TOKENS });
    expect(issuer.fetches).toBe(1);
  });

  it('are over their share if they alone flood, and are served if they do not', async () => {
    await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'so that all wait' }, admin.headers);
    const resolve = (headers: Readonly<Record<string, string>>): Promise<Reply> =>
      call(world, 'POST', '/v1/models/t5-large/resolve', {}, headers);
    const flood = Array.from({ length: FLOOD }, () => resolve(flooding.headers));
    const { waiting } = world.scheduler.engine.fleet;
    await until(() => waiting.size === MAX_WAITING);
    const router = rpcClient(world, 'Router');
    const metadata = new Metadata();
    metadata.set('authorization', quiet.headers['authorization']!);
    const few = Array.from({ length: FEW }, () => resolve(quiet.headers));
    const overGrpc = Array.from({ length: FEW }, () =>
      router.call('resolve', { model: 't5-large' }, metadata),
    );
    const isQuiet = ({ tenant }: { tenant: string }): boolean => tenant === 'quiet';
    await until(() => [...waiting.values()].filter(isQuiet).length === 2 * FEW);
    await call(world, 'DELETE', '/v1/fleet/frozen', undefined, admin.headers);
    expect(countsOf(await Promise.all(few))).toEqual({ 200: FEW });
    expect(await Promise.all(overGrpc)).toHaveLength(FEW);
    const counts = countsOf(await Promise.all(flood));
    expect(counts['over_share']).toBeGreaterThanOrEqual(2 * FEW);
    expect(counts['200']).toBeGreaterThan(0);
    router.close();
  });
});
