import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  preParsingHookHandler,
  RequestPayload,
} from 'fastify';
import type { Leader } from '#engine';
import { abortSignalOf } from '../../transport/limits/caller-gone.js';
import { Refused } from '../../transport/errors/refused.js';
import type { Problems } from '../../transport/errors/problems.js';
import { bodyOf } from '../../transport/http/body.js';
import { NO_LEADER } from '../../transport/lifecycle.js';
import { RETRY, type Forwarder, type Times, timesFrom } from './forwarder.js';
import type { HttpAnswer, HttpCall, HttpLink } from './http-link.js';
import { FORWARDED, type NamedCaller, type PeerKey } from '../../transport/access/peer-key.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether every peer answers it by itself; else only the leader does, and the others hand it on. */
    isOwn?: boolean;
  }
}

/** The headers of a call that the leader is told. */
const TOLD = [
  ...['content-type', 'idempotency-key', 'if-match', 'if-none-match'],
  ...['webhook-id', 'webhook-timestamp', 'webhook-signature'],
];
/** An answer that is retold may have so many bytes: it is a route. */
const MAX_RETOLD = 2 ** 20;
/** The headers of an answer that are about one connection alone. */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'trailer',
  'upgrade',
  'date',
]);

/** Hands calls over HTTP to the leader. */
export class HttpForward {
  constructor(
    private readonly forwarder: Forwarder,
    private readonly link: HttpLink,
    private readonly key: PeerKey,
  ) {}

  /**
   * Has a call answered by the leader; `next` makes the body of each try, and `retold` what is told of a body that is no refusal.
   * Rejects with a refusal where none answers, or where a peer has handed it on already.
   */
  async send(
    request: FastifyRequest,
    reply: FastifyReply,
    next: () => Buffer,
    times: Times = timesFrom(),
    retold?: (body: Buffer) => string,
  ): Promise<void> {
    if (isForwarded(request)) throw new Refused(NO_LEADER);
    const { method, principal, raw, socket } = request;
    const caller = principal && { principal, address: socket.remoteAddress ?? null };
    const headers = this.key.handedOn(caller, TOLD, (name) => [request.headers[name]].flat()[0]);
    const answer = await this.forwarder.send<HttpAnswer>({
      ...times,
      next,
      signal: abortSignalOf(reply.raw),
      ask: (leader, body, over) => this.asked(leader, { method, path: raw.url ?? '/', headers, body }, over),
    });
    const { status, headers: given, body } = answer;
    const told = Object.entries(given).filter(([name]) => !OF_CONNECTION.has(name));
    if (retold === undefined || status !== 200 || Buffer.isBuffer(body))
      return void reply.code(status).headers(Object.fromEntries(told)).send(body);
    const whole = await bodyOf(body, MAX_RETOLD).catch(() => Promise.reject(new Refused(NO_LEADER)));
    void reply.code(status).headers(Object.fromEntries(told)).removeHeader('content-length');
    void reply.send(retold(whole));
  }

  /** Has the leader do what this process asks in the name of a caller; it has no body. Rejects as `send`. */
  ask(
    { method, path }: Pick<HttpCall, 'method' | 'path'>,
    caller: NamedCaller,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const headers = this.key.handedOn(caller);
    return this.forwarder.send<HttpAnswer>({
      ...timesFrom(),
      ...{ next: () => Buffer.alloc(0), signal },
      ask: (leader, body, over) => this.asked(leader, { method, path, headers, body }, over),
    });
  }

  /** The caller is known here already: what a leader does not know is the key of this peer, which the next leader may know. */
  private async asked(leader: Leader, call: HttpCall, over: AbortSignal): Promise<HttpAnswer | typeof RETRY> {
    const answer = await this.link.ask(leader, call, over);
    const isUnknown = answer !== RETRY && answer.status === 401;
    return isUnknown && this.key.isSet ? this.forwarder.unknownTo(leader) : answer;
  }
}

/** Whether a peer has handed it on: it is handed on no further. */
const isForwarded = ({ headers }: FastifyRequest): boolean => headers[FORWARDED] !== undefined;

/** What hands calls on where this process does not lead; null: it has no peers. */
interface Forwarding {
  readonly leading: object | null;
  readonly following: { readonly http: HttpForward } | null;
}

/**
 * Where this process does not lead, calls of the routes that are not every peer's own are handed on before anything is made of
 * their bodies. Nest registers the routes after this.
 */
export function forwardHttp(fastify: FastifyInstance, forwarding: Forwarding, problems: Problems): void {
  const handOn = async (
    http: HttpForward,
    request: FastifyRequest,
    reply: FastifyReply,
    payload: RequestPayload,
  ): Promise<void> => {
    try {
      const body = await bodyOf(payload, request.routeOptions.bodyLimit);
      await http.send(request, reply, () => body);
    } catch (error) {
      problems.send(error, request, reply);
    }
  };
  const forward: preParsingHookHandler = (request, reply, payload, done) => {
    const { following, leading } = forwarding;
    if (leading !== null || following === null) done(null, payload);
    else void handOn(following.http, request, reply, payload);
  };
  fastify.addHook('onRoute', (route) => {
    if (route.config?.isOwn) return;
    route.preParsing = [...[route.preParsing ?? []].flat(), forward];
  });
}
