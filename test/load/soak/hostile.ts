import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { adminClientService } from '#contracts';
import { ROUTER } from '../rpc.js';
import { CHURNED } from './stage.js';
import type { Tally } from './tally.js';

/** Where Berth listens: `host:port`. */
export interface Target {
  readonly http: string;
  readonly grpc: string;
}

type Kind = (target: Target, tally: Tally) => Promise<never>;

/** Clients that mean harm, each of a kind; what they do at a time is bounded. They go on until their process ends. */
export async function beHostile(target: Target, tally: Tally): Promise<void> {
  const kinds: readonly Kind[] = [
    ...[pipeline, cancel, idle, truncate, oversize, write],
    ...[leaveUnread, list, nameFiles],
  ];
  await Promise.all(kinds.map((kind) => kind(target, tally)));
}

const PAUSE_MS = 5_000;
const PIPELINED = 64;

/** Many requests for the metrics in one packet, and no reader of the answers for a while. */
async function pipeline({ http }: Target, tally: Tally): Promise<never> {
  const request = `GET /metrics HTTP/1.1\r\nHost: ${http}\r\n\r\n`;
  for (;;) {
    const socket = open(http);
    socket.write(request.repeat(PIPELINED));
    await sleep(PAUSE_MS);
    socket.destroy();
    tally.count(`hostile, ${PIPELINED} pipelined GET /metrics`);
  }
}

const WAITS = 200;
const CANCEL_MS = 1_000;

/** Orders that are waited for, and given up. */
async function cancel({ grpc }: Target, tally: Tally): Promise<never> {
  const client = new Client(grpc, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = adminClientService()['LoadModel']!;
  for (;;) {
    const calls = Array.from({ length: WAITS }, (_, nth) => {
      const request = { model: CHURNED[nth % CHURNED.length], waitMs: 20_000 };
      return client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, () => undefined);
    });
    await sleep(CANCEL_MS);
    for (const call of calls) call.cancel();
    tally.count(`hostile, ${WAITS} LoadModel waits cancelled`);
    await sleep(PAUSE_MS - CANCEL_MS);
  }
}

const IDLE = 300;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0', 'latin1');

/** Connections of HTTP/2 on which nothing is ever asked. */
async function idle({ grpc }: Target, tally: Tally): Promise<never> {
  for (;;) {
    const sockets = Array.from({ length: IDLE }, () => open(grpc));
    for (const socket of sockets) socket.write(PREFACE);
    await sleep(4 * PAUSE_MS);
    for (const socket of sockets) socket.destroy();
    tally.count(`hostile, ${IDLE} idle gRPC connections`);
  }
}

const OFTEN_MS = 100;

/** Messages that end amid a field. */
async function truncate({ grpc }: Target, tally: Tally): Promise<never> {
  const client = new Client(grpc, credentials.createInsecure());
  const { path, requestSerialize } = ROUTER['Resolve']!;
  const whole = requestSerialize({ model: 'a-model-with-a-long-name' });
  for (let nth = 0; ; nth += 1) {
    const code = await call(client, path, whole.subarray(0, 1 + (nth % (whole.length - 1))));
    tally.count(`hostile, truncated message answered ${code}`);
    await sleep(OFTEN_MS);
  }
}

const METADATA_BYTES = 60_000;

/** Calls with more metadata than any caller needs. */
async function oversize({ grpc }: Target, tally: Tally): Promise<never> {
  const client = new Client(grpc, credentials.createInsecure());
  const { path, requestSerialize } = ROUTER['Resolve']!;
  const metadata = new Metadata();
  metadata.set('x-large', 'x'.repeat(METADATA_BYTES));
  for (;;) {
    const code = await call(client, path, requestSerialize({ model: 'warm-0' }), metadata);
    tally.count(`hostile, ${METADATA_BYTES} bytes of metadata answered ${code}`);
    await sleep(OFTEN_MS);
  }
}

const BODY_BYTES = 45_000;
const DECLARED = 20;
const ANSWER_MS = 30_000;

/** Large writes, each with a key of its own. */
async function write({ http }: Target, tally: Tally): Promise<never> {
  const body = JSON.stringify({
    config: { parameters: { filler: { string_value: 'x'.repeat(BODY_BYTES) } } },
  });
  for (let nth = 0; ; nth += 1) {
    const answer = await fetch(`http://${http}/v1/models/written-${nth % DECLARED}`, {
      ...{ method: 'PUT', body, signal: AbortSignal.timeout(ANSWER_MS) },
      headers: { 'content-type': 'application/json', 'idempotency-key': `soak-${nth}` },
    }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    tally.count(`hostile, write of ${BODY_BYTES} bytes with a key answered ${answer?.status ?? 'not'}`);
    await sleep(OFTEN_MS);
  }
}

const UNREAD = 20;

/** Connections that ask for pages of large models, one after the other, and never read. */
async function leaveUnread({ http }: Target, tally: Tally): Promise<never> {
  const request = `GET /v1/models?pageSize=1000 HTTP/1.1\r\nHost: ${http}\r\n\r\n`;
  for (;;) {
    const sockets = Array.from({ length: UNREAD }, () => open(http).pause());
    for (const socket of sockets) socket.write(request.repeat(2));
    await sleep(4 * PAUSE_MS);
    for (const socket of sockets) socket.destroy();
    tally.count(`hostile, ${UNREAD} connections that do not read`);
  }
}

const LISTS = 50;

/** Many long lists at once. */
async function list({ grpc }: Target, tally: Tally): Promise<never> {
  const client = new Client(grpc, credentials.createInsecure());
  const { path, requestSerialize } = adminClientService()['ListModels']!;
  const message = requestSerialize({ pageSize: 1_000 });
  for (;;) {
    const codes = await Promise.all(Array.from({ length: LISTS }, () => call(client, path, message)));
    for (const code of codes) tally.count(`hostile, long list answered ${code}`);
    await sleep(PAUSE_MS);
  }
}

/** Servers with names of files that end or hang what reads them. */
async function nameFiles({ http }: Target, tally: Tally): Promise<never> {
  for (let nth = 0; ; nth += 1) {
    const ca = ['/dev/zero', '/dev/tty', '/proc/self/mem'][nth % 3];
    const answer = await fetch(`http://${http}/v1/servers/named`, {
      ...{ method: 'PUT', headers: { 'content-type': 'application/json' } },
      ...{
        body: JSON.stringify({ grpc: '127.0.0.1:9', tls: { ca } }),
        signal: AbortSignal.timeout(ANSWER_MS),
      },
    }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    tally.count(`hostile, server with a file name answered ${answer?.status ?? 'not'}`);
    await sleep(PAUSE_MS);
  }
}

/** A call with these very bytes; how it was answered, and what was said where it is called our own fault. */
function call(client: Client, path: string, bytes: Buffer, metadata = new Metadata()): Promise<string> {
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + ANSWER_MS };
    client.makeUnaryRequest(path, asIs, asIs, bytes, metadata, options, (error) =>
      resolve(error?.code === status.INTERNAL ? error.message : status[error?.code ?? status.OK]),
    );
  });
}

const asIs = (bytes: Buffer): Buffer => bytes;

function open(address: string): Socket {
  const colon = address.lastIndexOf(':');
  const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon));
  return socket.on('error', () => {});
}
