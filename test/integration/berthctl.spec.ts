import { spawn } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BERTH_VERSION } from '#contracts';
import { berthctl as runHere, type CommandEnd } from '../support/berthctl.js';
import { startWorld, turnsIn, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS, until } from '../support/until.js';

const MAIN = fileURLToPath(new URL('../../dist/apps/berthctl/src/main.js', import.meta.url));

/** Runs `berthctl` as its users do: a process of its own, whose output goes into pipes. */
function run(line: string, url: string): Promise<ProcessEnd> {
  const child = spawn(process.execPath, [MAIN, ...line.split(' ')], {
    env: { ...process.env, BERTH_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (written.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (written.err += chunk.toString()));
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...written })));
}

interface ProcessEnd {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

describe('berthctl', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({
      yaml: 'models: { shy: { enabled: false, labels: { team: risk } }, huge: { gpuMemoryLimitMb: 99999 } }',
    });
  });

  afterAll(() => world.close());

  /** In the process of the test, since a process of its own takes half a second. */
  const berthctl = (line: string): Promise<CommandEnd> =>
    runHere(line.split(' '), { BERTH_URL: world.scheduler.http });

  /** What a command that succeeds says. */
  async function said(line: string): Promise<string> {
    const { status, out, err } = await berthctl(line);
    expect({ line, status, err }).toEqual({ line, status: 0, err: '' });
    return out;
  }

  it('tells its own version and that of the server', async () => {
    expect(await said('version')).toBe(`Client: ${BERTH_VERSION}\nServer: ${BERTH_VERSION}\n`);
    const versions = { client: BERTH_VERSION, server: BERTH_VERSION };
    expect(JSON.parse(await said('version -o json'))).toEqual(versions);
  });

  it('resolves, and shows models, servers and the fleet', async () => {
    expect(await said('resolve resnet50 --lease-ms 50')).toMatch(
      /^MODEL .*\nresnet50 +1 +a +0,1 .* cold, waited /,
    );
    expect(await said('resolve resnet50 --lease-ms 50')).toMatch(/ 50 ms +warm +no\n$/);
    expect(await said('get models resnet50')).toMatch(/^NAME .*\nresnet50 +ready +a:0,1 /);
    expect(await said('get models --label team=risk')).toMatch(/^NAME .*\nshy +absent .* disabled\n$/);
    expect(await said('get servers')).toMatch(/^ID .*\na +ready +127\.0\.0\.1:\d+ +[\d.]+ +2 gpu /);
    expect(await said('get servers a')).toMatch(/^ID .*\na +ready /);
    expect(await said('get fleet')).toMatch(/^fleet +berth\n[\s\S]*\nSERVER .*\na +0 +gpu .*\na +1 +gpu /);
  });

  it('tells programs what the API tells', async () => {
    const models = JSON.parse(await said('get models -o json')) as { readonly name: string }[];
    expect(models.map(({ name }) => name)).toEqual(expect.arrayContaining(['huge', 'resnet50', 'shy']));
    expect(JSON.parse(await said('-o json get models shy'))).toMatchObject({ name: 'shy', state: 'absent' });
    expect(JSON.parse(await said('get fleet -o json'))).toMatchObject({ fleet: 'berth', frozen: null });
    expect(JSON.parse(await said('resolve resnet50 -o json'))).toMatchObject({
      model: 'resnet50',
      cold: false,
    });
  });

  it('pins and unpins', async () => {
    const pinned = await said('pin mobilenet-v2 --until 2999-01-01T01:00:00+01:00');
    expect(pinned).toMatch(/^mobilenet-v2 is pinned: 1 copy until 2999-01-01T00:00:00.000Z; it is \w+/);
    expect(await said('get models mobilenet-v2 -o json')).toContain('"until": "2999-01-01T00:00:00.000Z"');
    expect(await berthctl('unload mobilenet-v2')).toMatchObject({
      status: 1,
      err: 'berthctl: pinned: mobilenet-v2 is pinned; unpin it first\n',
    });
    expect(await said('unpin mobilenet-v2')).toMatch(/^mobilenet-v2 is not pinned any more; it is \w+/);
  });

  it('loads and unloads, and waits where it is told to', async () => {
    expect(await said('load bert-base')).toBe('the load of bert-base is ordered\n');
    expect(await said(`load bert-base --wait-ms ${PATIENCE_MS}`)).toMatch(/^bert-base is ready on a:/);
    expect(await said(`unload bert-base --wait-ms ${PATIENCE_MS} --force`)).toBe(
      'bert-base is not loaded any more\n',
    );
    const late = await berthctl('load bert-base --wait-ms 1');
    expect(late).toMatchObject({ status: 1, out: 'the load of bert-base is ordered\n' });
    expect(late.err).toMatch(/^berthctl: bert-base did not get ready in that time: it is \w+/);
    await said(`load bert-base --wait-ms ${PATIENCE_MS}`);
  });

  it('reloads', async () => {
    expect(await said(`reload bert-base --wait-ms ${PATIENCE_MS}`)).toMatch(
      /^bert-base is ready again on a:/,
    );
    expect(await said('reload bert-base')).toBe('the reload of bert-base is ordered\n');
    await said(`load bert-base --wait-ms ${PATIENCE_MS}`);
  });

  it('drains and undrains', async () => {
    expect(await said('drain a --deadline-ms 600000')).toBe('the drain of a is ordered\n');
    expect(await said('get servers --state draining')).toMatch(/\na +draining /);
    expect(await said('undrain a')).toBe('a is not drained any more\n');
    expect(await said('get servers a')).toMatch(/\na +ready /);
  });

  it('applies the models of a file, all or none', async () => {
    const file = join(world.folder, 'models.yaml');
    await writeFile(file, 'models:\n  one: { gpuMemoryLimitMb: 10 }\n  two: { class: critical }\n');
    expect(await said(`apply -f ${file}`)).toBe(
      'one is declared, revision 1\ntwo is declared, revision 1\n2 models applied\n',
    );
    expect(JSON.parse(await said(`apply -f ${file} -o json`))).toMatchObject({
      items: [{ name: 'one', revision: '2', created: false }, { name: 'two' }],
    });
    await writeFile(file, 'models: { one: { colour: red }, three: {} }');
    const refused = await berthctl(`apply -f ${file}`);
    expect([refused.status, refused.out]).toEqual([1, '']);
    expect(refused.err).toMatch(
      /^berthctl: invalid_request: .*\n {2}models\.one\.colour: is not a known key\n$/,
    );
    await writeFile(file, 'limits: {}\nmodels: {}');
    expect((await berthctl(`apply -f ${file}`)).status).toBe(2);
    expect((await berthctl('apply -f nowhere.yaml')).status).toBe(2);
    await writeFile(file, 'servers: [{}]\nlimits: {}\nmodels: { one: { colour: red }, ..: {} }');
    const all = (await berthctl(`apply -f ${file}`)).err.replaceAll(file, 'FILE').trimEnd().split('\n');
    expect(all).toEqual([
      'berthctl: FILE:2: limits: is not applied: only models and servers are',
      '  FILE: servers[0].id: is required',
      '  FILE: models.one.colour: is not a known key',
      expect.stringContaining('  FILE: models[".."]: must be a name'),
    ]);
  });

  it('applies the servers of a file, and deletes them', async () => {
    const file = join(world.folder, 'servers.yaml');
    await writeFile(file, 'servers: [{ id: far, grpc: "127.0.0.1:1", labels: { zone: b } }]');
    expect(await said(`apply -f ${file}`)).toBe('far is declared, revision 1\n');
    expect(JSON.parse(await said(`apply -f ${file} -o json`))).toMatchObject({ servers: [{ id: 'far' }] });
    expect(await said('get servers --label zone=b')).toMatch(/\nfar +connecting +127\.0\.0\.1:1 /);
    expect(await said(`delete -f ${file}`)).toBe('far is deleted\n1 server deleted\n');
    expect(await said(`delete -f ${file}`)).toBe('far is gone already\n0 servers deleted, 1 gone already\n');
    await writeFile(file, 'servers: [{ id: a, grpc: nowhere }]');
    expect((await berthctl(`apply -f ${file}`)).err).toMatch(/^berthctl: invalid_request: .*\n {2}grpc: /);
  });

  it('deletes the models of a file, and tells of each that it cannot', async () => {
    const file = join(world.folder, 'delete.yaml');
    await writeFile(file, 'models: { d1: {}, d2: {} }');
    await said(`apply -f ${file}`);
    await writeFile(file, 'models: { d1: {}, shy: {}, never: {}, d2: {} }');
    const { status, out, err } = await berthctl(`delete -f ${file}`);
    const told = [
      'd1 is deleted',
      'never is gone already',
      'd2 is deleted',
      '2 models deleted, 1 gone already',
    ];
    expect([status, out]).toEqual([1, `${told.join('\n')}\n`]);
    expect(err).toMatch(/^berthctl: 1 model not deleted\n {2}shy: declared_in_file: /);
    await writeFile(file, 'models: {}');
    expect((await berthctl(`delete -f ${file}`)).status).toBe(2);
  });

  it('freezes and unfreezes', async () => {
    expect(await said('freeze --reason audit')).toMatch(/^the fleet is frozen since 2\S+Z: audit\n$/);
    expect(await said('get fleet')).toMatch(/\nfrozen +since 2\S+Z: audit\n/);
    const { err } = await berthctl('resolve t5-large --wait-ms 0');
    expect(err).toBe('berthctl: loading: frozen\n  it is waiting\n  frozen by anonymous: audit\n');
    expect(await said('unfreeze')).toBe('the fleet is not frozen any more\n');
    expect(await said('get fleet')).not.toContain('frozen');
  });

  it.each([
    ['resolve nobody', /^berthctl: unknown_model: /],
    ['resolve shy', /^berthctl: disabled: /],
    ['resolve huge', /^berthctl: infeasible: /],
    ['resolve resnet50 --version 77', /^berthctl: unknown_version: /],
    [
      'resolve mistral-7b --wait-ms 0',
      /^berthctl: loading: .*\n {2}it is \w+, ready in about .*\n {2}try again in \d+ s\n$/,
    ],
    ['get models nobody', /^berthctl: unknown_model: no model nobody /],
    ['get models --state sad', /^berthctl: invalid_request: .*\n {2}state: must be one of absent, /],
    ['pin resnet50 --copies 3', /^berthctl: pin_does_not_fit: no place /],
    [
      'pin resnet50 --until 2020-01-01T00:00:00Z',
      /^berthctl: invalid_request: .*\n {2}until: must be in the future\n$/,
    ],
    ['unpin nobody', /^berthctl: unknown_model: /],
    ['load shy', /^berthctl: disabled: /],
    ['drain nowhere', /^berthctl: unknown_server: /],
    ['undrain nowhere', /^berthctl: unknown_server: /],
  ])('is refused with the reason, and ends with 1: %s', async (line, words) => {
    const { status, out, err } = await berthctl(line);
    expect([status, out]).toEqual([1, '']);
    expect(err).toMatch(words);
  });

  it('tells programs of a refusal what the API tells', async () => {
    const { status, out } = await berthctl('resolve nobody -o json');
    expect([status, JSON.parse(out)]).toEqual([
      1,
      expect.objectContaining({
        status: 404,
        reason: 'unknown_model',
        instance: '/v1/models/nobody/resolve',
      }),
    ]);
  });

  it('ends with 2 where it is used wrongly, and with 1 where no server answers', async () => {
    const wrong = await run('pin', world.scheduler.http);
    expect(wrong).toMatchObject({ status: 2, out: '' });
    expect(wrong.err).toContain("missing required argument 'model'");
    const nobody = await run('get fleet', 'http://127.0.0.1:1');
    expect(nobody).toMatchObject({ status: 1, out: '' });
    expect(nobody.err).toContain('Berth does not answer at http://127.0.0.1:1');
  });

  it('ends when it is told to, and lets Berth know', async () => {
    const { fleet } = world.scheduler.engine;
    const child = spawn(process.execPath, [MAIN, 'resolve', 'stable-diffusion-1.5'], {
      env: { ...process.env, BERTH_URL: world.scheduler.http },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    await until(() => fleet.waiting.size === 1);
    child.kill('SIGINT');
    expect(await ended).toBe('SIGINT');
    await until(() => fleet.waiting.size === 0);
  });

  it('writes no colours, however much they are asked for', async () => {
    for (const line of ['get models', '--help']) {
      const { status, out } = await run(line, world.scheduler.http);
      expect({ status, hasColours: out.includes('\u001b') }).toEqual({ status: 0, hasColours: false });
    }
  });

  it('replays what the running service has recorded', async () => {
    await world.restart();
    const folder = turnsIn(world.folder);
    const [first] = (await readdir(folder)).toSorted();
    const file = join(folder, first!);
    expect(await said(`replay ${file}`)).toMatch(/\nending +closed: .*\n\n\d+ turns, the same decisions\n$/);
    expect(await said(`replay ${file} --why resnet50`)).toMatch(
      /\nmodel +resnet50, discovered\nstate +ready\n[\s\S]*\na:0,1 +ready /,
    );
    expect(await said(`replay ${file} --turn 1`)).toMatch(/^turn 1, at \d+ ms\nevents\n {2}\w+/);
    expect(await berthctl(`replay ${file} --turn 99999`)).toMatchObject({ status: 1, out: '' });
  });
});
