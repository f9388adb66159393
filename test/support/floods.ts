import { connect, type Socket } from 'node:net';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { until } from './until.js';

/** A connection to `host:port`; that it is cut is no error. */
function open(address: string): Socket {
  const { hostname, port } = new URL(`http://${address}`);
  return connect(Number(port), hostname).on('error', () => undefined);
}

/** How often each was seen. */
export type Counts = Readonly<Record<string, number>>;

function count(all: readonly string[]): Counts {
  const counts: Record<string, number> = {};
  for (const one of all) counts[one] = (counts[one] ?? 0) + 1;
  return counts;
}

/**
 * The first line that the server says on a connection; empty where it says nothing. Resolves once the connection is closed, also
 * where it is cut while something is on its way.
 */
function toldOn(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  return new Promise((resolve) => socket.once('close', () => resolve(text.split('\r\n')[0]!)));
}

const ANY = Buffer.from('x');

/**
 * Opens so many connections at once, and sends this on each byte by byte, then one letter after another. Resolves once the server
 * has closed them all, with what it said on them: the first line of each answer.
 */
export async function dripOn(address: string, connections: number, beginning: Buffer): Promise<Counts> {
  const sockets = Array.from({ length: connections }, () => open(address));
  const said = sockets.map(toldOn);
  let at = 0;
  await until(() => {
    const letter = beginning.subarray(at, (at += 1));
    const sent = letter.length > 0 ? letter : ANY;
    for (const socket of sockets) if (!socket.destroyed) socket.write(sent);
    return sockets.every((socket) => socket.destroyed);
  });
  return count(await Promise.all(said));
}

/** Makes so many calls at once without a credential, each with a message of this size; returns their codes. */
export async function callAtOnce(
  address: string,
  path: string,
  calls: number,
  bytes: number,
): Promise<Counts> {
  const client = new Client(address, credentials.createInsecure());
  const message = Buffer.alloc(bytes);
  const same = (buffer: Buffer): Buffer => buffer;
  const codes = Array.from({ length: calls }, () => {
    return new Promise<string>((resolve) => {
      client.makeUnaryRequest(path, same, same, message, new Metadata(), (error) =>
        resolve(status[error?.code ?? status.OK]),
      );
    });
  });
  try {
    return count(await Promise.all(codes));
  } finally {
    client.close();
  }
}

/** Posts so many bodies of this size at once, each on a connection of its own; returns the first lines of the answers. */
export async function postAtOnce(
  address: string,
  path: string,
  posts: number,
  bytes: number,
): Promise<Counts> {
  const head = [`POST ${path} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json'];
  const whole = Buffer.concat([
    Buffer.from(`${head.join('\r\n')}\r\nContent-Length: ${bytes}\r\n\r\n`),
    Buffer.alloc(bytes, ' '),
  ]);
  const answers = Array.from({ length: posts }, () => {
    const socket = open(address);
    socket.write(whole);
    socket.once('data', () => socket.destroy());
    return toldOn(socket);
  });
  return count(await Promise.all(answers));
}
