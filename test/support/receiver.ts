import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { ended, listening } from './http-server.js';

/** What came to a receiver. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What it answers; null: nothing at all. */
export type ReceiverAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
} | null;

/** An endpoint of a test: it keeps what comes, and answers as it is told to. */
export class Receiver {
  readonly received: Received[] = [];
  answer: (one: Received) => ReceiverAnswer = () => ({ status: 204 });
  private readonly sockets: Socket[] = [];
  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      const one = { path, headers, text: Buffer.concat(chunks).toString() };
      this.received.push(one);
      const answer = this.answer(one);
      if (answer !== null) response.writeHead(answer.status, { ...answer.headers }).end();
    });
  });

  /** Its base URL. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The types of what came, in the order in which it came. */
  get types(): string[] {
    return this.received.map(({ text }) => (JSON.parse(text) as { type: string }).type);
  }

  async open(): Promise<this> {
    this.server.on('connection', (socket) => this.sockets.push(socket));
    await listening(this.server);
    return this;
  }

  close(): Promise<void> {
    return ended(this.server, this.sockets);
  }
}
