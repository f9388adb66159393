import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { requestWriters } from '#contracts';
import { issueKey } from '../support/issued-key.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const admin = issueKey('boss', 'admin');
const viewer = issueKey('watcher', 'viewer');
const auth = JSON.stringify({ keys: [admin.line, viewer.line] });

/** So many of these lists come to 16 MiB. */
const MAX_OF_ONE = 6;

let world: World;
let sessions: ClientHttp2Session[];

beforeEach(async () => {
  sessions = [];
  world = await startWorld({ yaml: `auth: ${auth}`, headers: { ...admin.headers } });
  const long = { config: { parameters: { x: { string_value: 'y'.repeat(60_000) } } } };
  const models = Object.fromEntries(Array.from({ length: 20 }, (_, nth) => [`long-${nth}`, long]));
  await call(world, 'POST', '/v1/models:batch', { models }, { ...admin.headers });
});

afterEach(async () => {
  for (const session of sessions) session.destroy();
  await world.close();
});

/** A connection over gRPC that takes nothing. */
function taking(nothing = 0): ClientHttp2Session {
  const session = connect(`http://${world.scheduler.grpc}`, { settings: { initialWindowSize: nothing } });
  sessions.push(session.on('error', () => undefined));
  return session;
}

/** A call, of a viewer unless said otherwise; what is answered is counted, and dropped. */
class Call {
  private readonly stream: ClientHttp2Stream;
  /** Its answer has begun: it was made. */
  isMade = false;
  status: string | undefined;
  bytes = 0;

  constructor(session: ClientHttp2Session, method: string, request: object, { headers } = viewer) {
    const path = `/berth.v1.Admin/${method}`;
    const message = requestWriters().get(path)!(request);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    const all = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    this.stream = session.request({ ...all, ...headers });
    this.stream.on('error', () => undefined);
    this.stream.once('response', (told) => {
      this.isMade = true;
      this.status = told['grpc-status'] as string | undefined;
    });
    this.stream.once('trailers', (told) => (this.status = told['grpc-status'] as string));
    this.stream.on('data', (chunk: Buffer) => (this.bytes += chunk.length));
    this.stream.end(Buffer.concat([head, message]));
  }

  cancel(): void {
    this.stream.close(8);
  }
}

const lists = (session: ClientHttp2Session, many: number): Call[] =>
  Array.from({ length: many }, () => new Call(session, 'ListModels', { pageSize: 1_000 }));

const madeOf = (calls: readonly Call[]): number => calls.filter(({ isMade }) => isMade).length;

describe('answers over gRPC that are not taken', () => {
  it('are bounded, keep no short ones waiting, and all come once they are taken', async () => {
    const session = taking();
    const calls = lists(session, 30);
    const short = new Call(session, 'GetModel', { model: 'resnet50' });
    // Lists begin in order: when this one is made, those before it have had their turn.
    const after = new Call(taking(), 'ListModels', {}, admin);
    await until(() => short.isMade && after.isMade);
    expect(madeOf(calls)).toBe(1);
    session.settings({ initialWindowSize: 2 ** 20 });
    await until(() => calls.every(({ status }) => status === '0'));
    expect(calls.every(({ bytes }) => bytes > 2 ** 20)).toBe(true);
    expect(short.status).toBe('0');
  });

  it('give back their room when their calls are cancelled, and when their connections close', async () => {
    const session = taking();
    const [first, second, third] = lists(session, 3) as [Call, Call, Call];
    await until(() => madeOf([first, second, third]) === 1);
    for (const one of [first, second, third]) if (one.isMade) one.cancel();
    await until(() => madeOf([first, second, third]) === 2);
    session.destroy();
    const open = Array.from({ length: 8 }, () => taking());
    const others = open.map((one) => lists(one, 1)[0]!);
    await until(() => madeOf(others) >= MAX_OF_ONE);
    expect(madeOf(others)).toBe(MAX_OF_ONE);
    open[others.findIndex(({ isMade }) => isMade)]!.destroy();
    await until(() => madeOf(others) > MAX_OF_ONE);
  });
});
