import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Leader } from '#engine';
import { bodyOf } from '../../transport/http/body.js';
import { RETRY } from './forwarder.js';
import { isReachedByTls, type PeerTrust } from './leader-reach.js';

/** Bounds of open connections to the leader, and of the time that one takes to open. */
const MAX_SOCKETS = 2_000;
const CONNECT_MS = 2_000;

/** A refusal is no longer than this. */
const MAX_REFUSAL = 64 * 1_024;

/** What a leader is asked over HTTP. */
export interface HttpCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What it answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage | Buffer;
}

/** Connections over HTTP to whichever peer leads. */
export class HttpLink {
  private readonly plain = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  private readonly secure: HttpsAgent;

  constructor(private readonly trust: PeerTrust) {
    const { ca } = trust;
    const trusted = ca === null ? {} : { ca };
    this.secure = new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS, ...trusted });
  }

  /**
   * Asks a leader. `RETRY` where it did not answer, or answered that it decides no more, so that another try may have another
   * answer. Whatever else it says is the answer.
   */
  async ask(leader: Leader, call: HttpCall, over: AbortSignal): Promise<HttpAnswer | typeof RETRY> {
    const response = await this.send(leader, call, over).catch(() => null);
    if (response === null) return RETRY;
    const { statusCode: status = 0, headers } = response;
    if (status !== 503 && status !== 401) return { status, headers, body: response };
    const body = await bodyOf(response, MAX_REFUSAL).catch(() => null);
    return body === null || saysItEnds(body) ? RETRY : { status, headers, body };
  }

  close(): void {
    this.plain.destroy();
    this.secure.destroy();
  }

  private async send(leader: Leader, { method, path, headers, body }: HttpCall, over: AbortSignal) {
    const isSecure = isReachedByTls(leader, this.trust);
    const url = new URL(leader.http);
    const ask = isSecure ? httpsRequest : httpRequest;
    return new Promise<IncomingMessage>((resolve, reject) => {
      const { hostname, port } = url;
      const host = hostname.replace(/^\[|\]$/g, '');
      const options = { host, port, method, path, agent: isSecure ? this.secure : this.plain, signal: over };
      const ofBody = { 'content-type': 'application/json', 'content-length': String(body.length) };
      const sent = ask({ ...options, headers: { ...(body.length > 0 && ofBody), ...headers } }, resolve);
      sent.on('error', reject);
      sent.on('socket', (socket) => {
        if (!socket.connecting) return;
        const timer = setTimeout(
          () => sent.destroy(new Error('the leader does not take connections')),
          CONNECT_MS,
        );
        for (const event of ['connect', 'close'] as const) socket.once(event, () => clearTimeout(timer));
      });
      sent.end(body);
    });
  }
}

/** Whether a refusal says that the process decides no more. */
function saysItEnds(body: Buffer): boolean {
  try {
    const { reason } = JSON.parse(body.toString()) as { readonly reason?: unknown };
    return reason === 'no_leader' || reason === 'shutting_down';
  } catch {
    return false;
  }
}
