import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { explanationSchema, planSchema } from '#contracts';
import { berthctl, type CommandEnd } from '../support/berthctl.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';

describe('berthctl explain and plan', () => {
  let world: World;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-plan-'));
    // Each of the two fills both devices: one has to leave for the other.
    const whole = '{ gpuMemoryLimitMb: 20000, minResidencySeconds: 3600 }';
    world = await startWorld({
      yaml: `models: { resnet50: ${whole}, bert-base: { gpuMemoryLimitMb: 20000 } }`,
    });
    await call(world, 'POST', '/v1/models/resnet50/resolve');
  });

  afterAll(async () => {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (...args: string[]): Promise<CommandEnd> => berthctl([...args, '--url', world.scheduler.http]);

  /** What a command that succeeds says. */
  async function said(...args: string[]): Promise<string> {
    const { status, out, err } = await run(...args);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    return out;
  }

  it('tells why a model is where it is', async () => {
    const out = await said('explain', 'resnet50');
    expect(out).toMatch(
      /^model {6}resnet50, file\nstate {6}ready\ncopies {5}2 there or on the way, 0 pinned\n/,
    );
    expect(out).toMatch(/\na request {2}would be answered at once\n/);
    expect(out).toMatch(/\na:0,1 +ready .* 20000 MiB +residency, ends .*; in use, ends /);
    expect(out).toMatch(/\nDEVICE .*\na:0 +holds .*\na:1 +holds /);
  });

  it('tells why another one is nowhere, and what holds the memory', async () => {
    const out = await said('explain', 'bert-base');
    expect(out).toMatch(/\nstate {6}absent\n/);
    expect(out).toMatch(/\na request {2}would be refused: no capacity/);
    expect(out).toMatch(/\na:0 +no room +0,1 +20000 MiB +3552 MiB +16448 MiB +23552 MiB +20000 MiB /);
    expect(out).toMatch(/\na:1 +resnet50 on a +20000 MiB +no +residency, ends /);
  });

  it('tells programs what the API tells', async () => {
    explanationSchema.parse(JSON.parse(await said('explain', 'bert-base', '-o', 'json')));
    planSchema.parse(JSON.parse(await said('plan', '--ask', 'bert-base', '-o', 'json')));
  });

  it('plans what options suppose', async () => {
    expect(await said('plan', '--ask', 'resnet50')).toMatch(
      /^end {8}all is at rest, after 0 ms and \d turns?\npins {7}all fit\norders {5}none\n\nASKED .*\nresnet50 +0 ms +a\n$/,
    );
    const refused = await said('plan', '--ask', 'bert-base', '--pin', 'resnet50=2');
    expect(refused).toMatch(/\nASKED .*\nbert-base +\S+ ms +infeasible, too_small\n/);
    expect(refused).toMatch(/\nLACKS .*\nbert-base +0 +0 +no +a: too small, 16448 MiB short\n/);
    const lost = await said('plan', '--lose', 'a');
    expect(lost).toMatch(/\nresnet50 +.* no_server\n/);
    expect(lost).toMatch(/\na:0 +ready -> lost /);
  });

  it('plans what a file supposes, and options beside it', async () => {
    const file = join(folder, 'supposed.yaml');
    await writeFile(
      file,
      'models:\n  mobilenet-v2: { gpuMemoryLimitMb: 3000, pin: { copies: 1 } }\nasked: [resnet50]\n',
    );
    const out = await said('plan', '-f', file, '--ask', 'mobilenet-v2', '--within-ms', '60000');
    expect(out).toMatch(/\nAFTER .*\n0 ms +load +mobilenet-v2 +a:0,1 +3000 MiB +pin +/);
    expect(out).toMatch(/\nresnet50 +0 ms +a\n|\nmobilenet-v2 .* a\n/);
    expect(out).toMatch(/\na:0 +ready +23552 MiB +20000 MiB -> 23000 MiB +3552 MiB -> 552 MiB\n/);
  });

  it.each([
    [['explain', 'nobody'], /^berthctl: unknown_model: /],
    [['plan'], /^berthctl: invalid_request: .*\n {2}must suppose something/],
    [
      ['plan', '--lose', 'nowhere'],
      /^berthctl: unknown_server: .*\n {2}lost\[0\]: must be a server that is declared\n$/,
    ],
    [
      ['plan', '--pin', 'resnet50=0'],
      /\n {2}pins\.resnet50\.copies: must be a whole number from 1 to 1000\n$/,
    ],
  ])('is refused with the reason, and ends with 1: %j', async (args, words) => {
    const { status, out, err } = await run(...args);
    expect([status, out]).toEqual([1, '']);
    expect(err).toMatch(words);
  });

  it('is told of wrong usage, and ends with 2', async () => {
    expect(await run('plan', '--pin', 'resnet50=many')).toMatchObject({
      status: 2,
      err: "berthctl: --pin must be MODEL or MODEL=COPIES, not 'resnet50=many'\n",
    });
    expect((await run('plan', '-f', join(folder, 'nowhere.yaml'))).err).toMatch(
      /nowhere\.yaml cannot be read/,
    );
    const broken = join(folder, 'broken.yaml');
    await writeFile(broken, 'models: [\n');
    expect(await run('plan', '-f', broken)).toMatchObject({ status: 2 });
  });
});
