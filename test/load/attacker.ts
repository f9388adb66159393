import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** Whom to ask, for what, and how often in one write. */
export interface Attack {
  readonly http: string;
  readonly path: string;
  readonly pipelined: number;
}

const { http, path, pipelined } = workerData as Attack;
const { hostname, port } = new URL(http);
const text = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(pipelined);
const BEGIN = 'HTTP/1.1 200';

/** The same requests in one write, again and again once they are answered. Says how many answers came when it is asked. */
let answers = 0;
const socket = connect(Number(port), hostname);
socket.on('error', () => undefined);
socket.on('data', (chunk: Buffer) => {
  for (let at = chunk.indexOf(BEGIN); at >= 0; at = chunk.indexOf(BEGIN, at + 1)) {
    answers += 1;
    if (answers % pipelined === 0) socket.write(text);
  }
});
socket.write(text);
parentPort!.once('message', () => {
  socket.destroy();
  parentPort!.postMessage(answers);
});
