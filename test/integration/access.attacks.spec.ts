import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { callAtOnce, dripOn, postAtOnce } from '../support/floods.js';
import { issueKey } from '../support/issued-key.js';
import { BEGUN_CALL, floodContinuations, rapidReset } from '../support/raw-http2.js';
import { PATIENCE_MS, until } from '../support/until.js';

const MAIN = fileURLToPath(new URL('../support/collecting-berth.mjs', import.meta.url));
const RESOLVE = '/berth.v1.Router/Resolve';
const MIB = 2 ** 20;
const CALLS = 400;
const CALL_BYTES = 3 * MIB;
const POST_BYTES = 80 * 1024;
const SLOW = 300;
/** What may stay in use after an attack by connections: less than 7 KiB for each of 300, and an idle one needs more. */
const KEPT = 2 * MIB;
/** The same after one by bodies: a hundredth of what 400 calls of 3 MiB send, and less than half of what 400 posts do. */
const KEPT_OF_BODIES = 12 * MIB;
/** How much more than at rest the process may hold at any time: about a tenth of what 400 calls of 3 MiB send. */
const MAX_HELD = 128 * MIB;

/** How long clients may say nothing: on all kinds of connection the same. */
const waiting = (seconds: number) => ({
  httpArrivalSeconds: seconds,
  grpcIdleSeconds: seconds,
  grpcPingSeconds: seconds,
});

describe('clients without a credential that attack a port', () => {
  const admin = issueKey('admin', 'admin');
  /** Closes what says nothing for a second. A client on a busy machine may do so between its connection and its first call. */
  let brisk: AttackedBerth;
  /** Closes nothing for that: what it cuts off it cuts off for what was sent. */
  let patient: AttackedBerth;

  beforeAll(async () => {
    brisk = await AttackedBerth.start({ auth: { keys: [admin.line] }, connections: waiting(1) });
    patient = await AttackedBerth.start({
      auth: { keys: [admin.line] },
      connections: waiting(PATIENCE_MS / 1_000),
    });
  });

  afterAll(() => Promise.all([brisk.remove(), patient.remove()]));

  it('are cut off where they begin calls only to cancel them (rapid reset)', async () => {
    const most = 20_000;
    const sent = await patient.returnsMemory(({ grpc }) => rapidReset(grpc, RESOLVE, most));
    expect(sent).toBeLessThan(most);
  });

  it('are cut off where the headers of a call never end (CONTINUATION flood)', async () => {
    const most = 1_000_000;
    const sent = await patient.returnsMemory(({ grpc }) => floodContinuations(grpc, RESOLVE, most));
    expect(sent).toBeLessThan(most);
  });

  it('are cut off where they send a header byte by byte', async () => {
    const head = Buffer.from('GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX: ');
    const told = await brisk.returnsMemory(({ http }) => dripOn(http, SLOW, head));
    // A letter on its way to a closed connection resets it, and what the server said on it is lost.
    const { '': reset = 0, ...answers } = told;
    expect(answers).toEqual({ 'HTTP/1.1 408 Request Timeout': SLOW - reset });
    expect(reset).toBeLessThan(SLOW);
  });

  it('are cut off where they send the headers of a call byte by byte', async () => {
    const told = await brisk.returnsMemory(({ grpc }) => dripOn(grpc, SLOW, BEGUN_CALL));
    expect(Object.values(told).reduce((sum, one) => sum + one)).toBe(SLOW);
  });

  it('are refused before their messages of 3 MiB are kept', async () => {
    const calls = ({ grpc }: BerthProcess) =>
      callAtOnce(grpc, '/berth.v1.Admin/BatchModels', CALLS, CALL_BYTES);
    expect(await patient.returnsMemory(calls, KEPT_OF_BODIES)).toEqual({ UNAUTHENTICATED: CALLS });
  });

  it('are refused before their bodies over HTTP are kept', async () => {
    const posts = ({ http }: BerthProcess) => postAtOnce(http, '/v1/models:batch', CALLS, POST_BYTES);
    expect(await patient.returnsMemory(posts, KEPT_OF_BODIES)).toEqual({
      'HTTP/1.1 401 Unauthorized': CALLS,
    });
  });

  it('keep none out that have one', async () => {
    for (const { berth } of [brisk, patient])
      expect((await berth.request('GET', '/v1/fleet', undefined, admin.headers)).status).toBe(200);
  });
});

/** A Berth whose health and memory are looked at while and after it is attacked. */
class AttackedBerth {
  private constructor(
    readonly berth: BerthProcess,
    private readonly folder: string,
    private readonly heldAtRest: number,
  ) {}

  static async start(config: object): Promise<AttackedBerth> {
    const folder = await mkdtemp(join(tmpdir(), 'berth-attacks-'));
    const berth = await startBerth({ main: MAIN, env: { MEMORY_FILE: join(folder, 'memory') }, config });
    await berth.ready();
    return new AttackedBerth(berth, folder, await mostHeld(berth));
  }

  /** Returns what the attack returns, once memory has returned. */
  async returnsMemory<T>(attack: (on: BerthProcess) => Promise<T>, most = KEPT): Promise<T> {
    const before = await this.inUse();
    const result = await this.healthyUnder(attack);
    await until(async () => (await this.inUse()) - before < most);
    expect((await mostHeld(this.berth)) - this.heldAtRest).toBeLessThan(MAX_HELD);
    return result;
  }

  async remove(): Promise<void> {
    await this.berth.remove();
    await rm(this.folder, { recursive: true });
  }

  /** Asks for health all the time until the attack is over, and for its end. Returns what the attack returns. */
  private async healthyUnder<T>(attack: (on: BerthProcess) => Promise<T>): Promise<T> {
    let isOver = false;
    const attacked = attack(this.berth).finally(() => (isOver = true));
    const told = [];
    do told.push((await this.berth.request('GET', '/health/live')).status);
    while (!isOver);
    expect(told.filter((status) => status !== 200)).toEqual([]);
    return attacked;
  }

  /** The bytes in use once garbage is gone. What the first collection finds may hold what only the next can let go of. */
  private async inUse(): Promise<number> {
    for (let collection = 0; collection < 3; collection += 1) await this.collected();
    return this.collected();
  }

  private async collected(): Promise<number> {
    const file = join(this.folder, 'memory');
    await rm(file, { force: true });
    process.kill(this.berth.pid, 'SIGUSR2');
    return Number(await until(() => readFile(file, 'utf8')));
  }
}

/** The most bytes that the process has held at any time. */
async function mostHeld({ pid }: BerthProcess): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)![1]) * 1024;
}
