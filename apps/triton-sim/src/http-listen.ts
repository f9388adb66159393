import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Address, Listener } from './gate.js';

/** What an HTTP request is answered with; `drop` breaks the connection instead. */
export type HttpAnswer =
  | { readonly status: number; readonly text: string; readonly type?: string }
  | { readonly status: number; readonly json: unknown }
  | 'drop';

/** One request with its body already read. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** Opens an HTTP port; a body above `maxBodyBytes` is refused with 413 and never kept. */
export async function listenHttp(
  { host, port }: Address,
  maxBodyBytes: number,
  answer: (request: HttpRequest) => Promise<HttpAnswer>,
): Promise<Listener> {
  const server = createServer((request, response) => {
    serve(request, response, maxBodyBytes, answer).catch((error: unknown) => {
      send(response, {
        status: 500,
        json: { error: error instanceof Error ? error.message : 'unknown error' },
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const refuse = (): void => void server.close();
  return { port: (server.address() as AddressInfo).port, close, refuse };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  maxBodyBytes: number,
  answer: (request: HttpRequest) => Promise<HttpAnswer>,
): Promise<void> {
  const body = await readBody(request, maxBodyBytes);
  if (body === undefined) {
    response.setHeader('connection', 'close');
    return send(response, { status: 413, json: { error: `body: at most ${maxBodyBytes} bytes` } });
  }
  const path = (request.url ?? '/').split('?')[0]!;
  send(response, await answer({ method: request.method ?? 'GET', path, body }));
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, answer: HttpAnswer): void {
  if (response.headersSent || response.destroyed) return;
  if (answer === 'drop') return void response.destroy();
  const isJson = 'json' in answer;
  const type = isJson ? 'application/json' : (answer.type ?? 'text/plain; charset=utf-8');
  response.writeHead(answer.status, { 'content-type': type });
  response.end(isJson ? JSON.stringify(answer.json) : answer.text);
}
