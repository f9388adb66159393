import { TLSSocket } from 'node:tls';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest, preParsingHookHandler } from 'fastify';
import { type Access, ANONYMOUS, type Principal } from '#access';
import { invalid } from '../errors/refused.js';
import { admit, demand } from './admit.js';
import { PRINCIPAL, type PeerKey } from './peer-key.js';
import type { Signatures } from './webhook-signatures.js';
import { namesShownOn } from './certificate-names.js';
import { noteSignedIn } from '../limits/socket-bound.js';
import { demandLocal, demandOwnName } from './local-callers.js';
import type { Needs } from './operations.js';
import { admitSigned, goesBySignature, SIGNED_ROUTE } from './signed-callers.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a call of the route needs. */
    needs?: Needs;
  }
}

const NO_HOST = invalid([{ path: 'Host', rule: 'is required in HTTP/1.1' }]);

/** The callers over HTTP. */
export interface HttpCallers {
  readonly access: () => Access;
  /**
   * Whether a name is one of this Berth; null: without authentication only this machine may call. See `demandLocal` and
   * `demandOwnName`.
   */
  readonly isOwnName: ((name: string) => boolean) | null;
  /** Checks the signatures of webhooks; left out: no caller is known by one. */
  readonly signatures?: Signatures;
  /** Knows the calls of peers; left out: there are none. */
  readonly peers?: PeerKey;
}

/**
 * Lets only callers with the right of a route reach it, before anything of a body is read. What leads nowhere needs a credential
 * as well. Throws where a route is registered that does not say what it needs.
 */
export function guardHttp(fastify: FastifyInstance, callers: HttpCallers): void {
  fastify.decorateRequest('principal', null);
  fastify.decorateRequest('calledFrom', null);
  fastify.addHook('onRoute', (route) => {
    const { method, url, config } = route;
    if (config?.needs === undefined) throw new Error(`${String(method)} ${url} does not say what it needs`);
    if (url === SIGNED_ROUTE) route.preParsing = readSigned(callers);
  });
  fastify.addHook('onRequest', (request, _, done) => {
    const go = (principal: Principal | null): void => {
      request.principal = principal;
      if (principal) noteSignedIn(request.raw.socket);
      done();
    };
    const { needs = null } = request.routeOptions.config;
    const found = callerOf(request, callers, needs);
    if (found instanceof Promise) found.then(go, done);
    else go(found);
  });
}

/** Where the body names its sender by a signature, the sender is admitted once the body is read, and before anything is made of it. */
const readSigned =
  ({ signatures }: HttpCallers): preParsingHookHandler =>
  (request, _, payload, done) => {
    // At once: what follows a body must not begin after it has come.
    if (request.principal !== null || !signatures) return done(null, payload);
    admitSigned(request, payload, signatures).then((read) => {
      noteSignedIn(request.raw.socket);
      done(null, read);
    }, done);
  };

/** Refuses a request that leads to no route at all as `error` does, but only to a caller with a credential. */
export async function refuseUnrouted(
  request: FastifyRequest,
  callers: HttpCallers,
  error: Error,
): Promise<never> {
  await callerOf(request, callers, null);
  throw error;
}

/** The caller; null where none is needed, or where the body will tell. Throws, or rejects, where the call is refused. */
function callerOf(
  request: FastifyRequest,
  callers: HttpCallers,
  needs: Needs | null,
): Principal | null | Promise<Principal> {
  if (request.headers.host === undefined && request.raw.httpVersion === '1.1') throw NO_HOST;
  return callerByPeer(request, callers.peers, needs) ?? callerByAccess(request, callers, needs);
}

function callerByAccess(
  request: FastifyRequest,
  callers: HttpCallers,
  needs: Needs | null,
): Principal | null | Promise<Principal> {
  const access = callers.access();
  if (!access.isOn) {
    if (callers.isOwnName === null) demandLocal(request);
    else demandOwnName(request, callers.isOwnName);
  }
  if (goesBySignature(request, callers.signatures)) return null;
  if (!access.isOn) return ANONYMOUS;
  return needs === 'nothing' ? null : admit(access, presentedBy(request.raw), needs);
}

/** The caller that a peer names; null: no peer calls. */
function callerByPeer(
  request: FastifyRequest,
  peers: PeerKey | undefined,
  needs: Needs | null,
): Principal | null {
  if (!peers?.isSet) return null;
  const named = [request.headers[PRINCIPAL]].flat()[0];
  const found = peers.callerOf(credentialsIn(request.raw.rawHeaders), named);
  if (found === null) return null;
  if (needs !== null && needs !== 'nothing') demand(found.principal, needs);
  request.calledFrom = found.address;
  return found.principal;
}

const presentedBy = ({ rawHeaders, socket }: IncomingMessage) => ({
  authorization: credentialsIn(rawHeaders),
  sans: sansOf(socket),
});

const AUTHORIZATION = 'authorization';

/** Each value of the header: of several, Node's own list has the first alone. */
function credentialsIn(rawHeaders: readonly string[]): string[] {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === AUTHORIZATION.length && name.toLowerCase() === AUTHORIZATION)
      values.push(rawHeaders[at + 1]!);
  }
  return values;
}

function sansOf(socket: IncomingMessage['socket']): readonly string[] {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return [];
  return namesShownOn(socket, () => socket.getPeerCertificate().subjectaltname);
}
