import { Agent, type AgentOptions, request } from 'node:https';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { routerClientService } from '#contracts';
import { PATIENCE_MS } from './until.js';

/** What a call over HTTP came back with. */
export interface Answered {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks over HTTPS: on a connection of its own, or on those that an agent keeps. Of an event stream, which does not
 * end, what comes first is the body. Rejects where the answer has not come within `PATIENCE_MS`.
 */
export function askTls(
  url: string,
  how: AgentOptions | Agent,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
  body = '',
): Promise<Answered> {
  const agent = how instanceof Agent ? how : new Agent(how);
  const late = AbortSignal.timeout(PATIENCE_MS);
  return new Promise<Answered>((resolve, reject) => {
    const asked = request(url, { agent, headers, method }, (response) => {
      const chunks: Buffer[] = [];
      const answered = () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', answered);
      if (response.headers['content-type'] !== 'text/event-stream') return;
      response.once('data', () => {
        answered();
        response.destroy();
      });
    });
    asked.once('error', reject);
    late.onabort = () => reject(new Error(`no answer within ${PATIENCE_MS} ms: ${method} ${url}`));
    asked.end(body);
  }).finally(() => agent === how || agent.destroy());
}

/** The certificate that a port shows to a new connection. */
export const shownBy = (port: number, ca: string): Promise<PeerCertificate> =>
  withConnection(port, { ca, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => socket.getPeerCertificate());

/** What is said of a new connection, once it has agreed on its encryption. Rejects where it does not come to that. */
export function withConnection<T>(port: number, options: object, say: (socket: TLSSocket) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...options }, () => {
      resolve(say(socket));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

/** A gRPC client on one connection. */
export interface TlsRouter {
  /** Rejects as the call does. A key is shown where there is one. */
  resolve(model: string, key?: string): Promise<unknown>;
  close(): void;
}

/** Connects to `berth.v1.Router`; `pair` is shown where the server asks for a certificate. */
export function tlsRouter(
  address: string,
  ca: string,
  pair?: { readonly cert: string; readonly key: string },
): TlsRouter {
  const packages = loadPackageDefinition({ 'berth.v1.Router': routerClientService() }) as never as {
    berth: {
      v1: {
        Router: new (...args: unknown[]) => Record<string, (...args: unknown[]) => void> & { close(): void };
      };
    };
  };
  const [key = null, cert = null] = pair ? [Buffer.from(pair.key), Buffer.from(pair.cert)] : [];
  const client = new packages.berth.v1.Router(address, credentials.createSsl(Buffer.from(ca), key, cert), {
    'grpc.ssl_target_name_override': 'localhost',
    // A connection of its own, not one that clients of the same address share.
    'grpc.use_local_subchannel_pool': 1,
  });
  return {
    resolve: (model, shown) =>
      new Promise((resolve, reject) => {
        const metadata = new Metadata();
        if (shown !== undefined) metadata.set('authorization', `Bearer ${shown}`);
        client['resolve']!({ model }, metadata, (error: Error | null, route: unknown) =>
          error ? reject(error) : resolve(route),
        );
      }),
    close: () => client.close(),
  };
}
