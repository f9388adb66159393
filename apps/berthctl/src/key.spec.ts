import { describe, expect, it } from '@jest/globals';
import { SignIn } from '#access';
import { formatError, readConfig } from '#config';
import { berthctl } from '../../../test/support/berthctl.js';

/** No server listens there: nothing is asked of it. */
const NOBODY = { BERTH_URL: 'http://127.0.0.1:1', BERTH_TOKEN: 'secret' };
const keyNew = (line: string) => berthctl(['key', 'new', ...line.split(' ')], NOBODY);

describe('berthctl key new', () => {
  it('makes a key that the line beside it lets in', async () => {
    const { status, out } = await keyNew(
      '--role gateway --tenant risk --max-class default --max-lease-ms 5000 --id gw-risk --expires 2027-01-31T00:00:00Z',
    );
    const [key = '', line = ''] = out.split('\n');
    expect([status, key]).toEqual([0, expect.stringMatching(/^berth_gw-risk_[A-Za-z0-9_-]{43}$/)]);
    expect(line).not.toContain(key);
    expect(holder(key, line)).toEqual({
      ...{ credential: 'gw-risk', tenant: 'risk', role: 'gateway', maxClass: 'default', maxLeaseMs: 5_000 },
    });
  });

  it('names the key by its role where no name is given', async () => {
    const [one, other] = [await keyNew('--role viewer'), await keyNew('--role viewer')];
    const [key = '', line = ''] = one.out.split('\n');
    expect(holder(key, line)).toMatchObject({ credential: expect.stringMatching(/^viewer-[0-9a-f]{8}$/) });
    expect(other.out).not.toBe(one.out);
    expect(one.err).toContain('shown only now');
  });

  it.each(['7', 'no', 'null', 'a:b', '"', '{}', 'x\u200by', '#'])(
    'takes a tenant called %s',
    async (tenant) => {
      const [key = '', line = ''] = (await keyNew(`--role admin --tenant ${tenant}`)).out.split('\n');
      expect(holder(key, line)).toMatchObject({ tenant });
    },
  );

  it('writes JSON for programs', async () => {
    const { out, err } = await keyNew('--role admin --id boss -o json');
    const { key, config } = JSON.parse(out) as { key: string; config: object };
    expect(config).toEqual({
      id: 'boss',
      hash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      role: 'admin',
    });
    expect([err, holder(key, JSON.stringify(config))]).toEqual([
      '',
      expect.objectContaining({ role: 'admin' }),
    ]);
  });

  it.each([
    ['no role', '--id a', "required option '--role <role>' not specified"],
    ['a role that is none', '--role root', 'Allowed choices are gateway, autoscaler'],
    ['a class that is none', '--role admin --max-class high', 'Allowed choices are critical'],
    [
      'too long a lease',
      '--role admin --max-lease-ms 600001',
      '--max-lease-ms must be a whole number of milliseconds',
    ],
    ['a name that is none', '--role admin --id a/b', '--id must be a name'],
    ['a time that is none', '--role admin --expires tomorrow', '--expires must be a time of RFC 3339'],
    ['a time that is over', '--role admin --expires 2026-01-31T12:00:00Z', '--expires must be in the future'],
    ['a tenant that is too long', `--role admin --tenant ${'x'.repeat(257)}`, '--tenant must have 1 to 256'],
  ])('is told of %s, and is status 2', async (_, line, words) => {
    expect(await keyNew(line)).toEqual({ status: 2, out: '', err: expect.stringContaining(words) });
  });
});

/** The holder of a key, as Berth knows it with that line in its configuration. */
function holder(key: string, line: string): unknown {
  const text = `auth: { keys: [${line}] }`;
  const read = readConfig({ file: { path: 'berth.yaml', text }, env: {}, flags: { triton: [] } });
  if (!read.ok) throw new Error(read.errors.map((error) => formatError(error)).join('\n'));
  const signIn = new SignIn(
    () => Date.parse('2026-01-31T12:00:00Z'),
    () => undefined,
  );
  signIn.take(read.config.auth);
  return signIn.signIn({ authorization: [`Bearer ${key}`], sans: [] });
}
