import type { Server as HttpsServer, ServerOptions as HttpsOptions } from 'node:https';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Connections } from '#config';
import { type HttpCallers, refuseUnrouted } from '../access/http-guard.js';
import type { Problems } from '../errors/problems.js';
import { invalid } from '../errors/refused.js';
import { type Certificates, HANDSHAKE_MS } from '../tls/certificates.js';
import { answerClientErrors } from './client-errors.js';
import { RequestLine } from './request-line.js';
import { notUnicodePath, textOf, valueRefusal } from './unicode.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether keys of a body that would reach prototypes are taken out: others write them, and the rest counts. */
    dropsProtoKeys?: boolean;
  }
}

const BODY_LIMIT = 64 * 1_024;
/** Longer than any name: a name that is too long is told so, and not that there is no such path. */
const PARAMETER_LIMIT = 2_048;

/** How often it is looked whether a request has taken too long. */
const CHECK_MS = 1_000;

/**
 * Fastify as we serve on it. Nest's own body parsers are left out: they refuse empty bodies and take forms. It would wait for
 * ever for a request to arrive; how long a request waits for its answer is another matter. One request of a connection is
 * served at a time. Without certificates it serves in the clear.
 */
export function fastifyAdapter(
  problems: Problems,
  { httpArrivalSeconds }: Pick<Connections, 'httpArrivalSeconds'>,
  callers: HttpCallers,
  certificates: Certificates | null = null,
): FastifyAdapter {
  const arrival = httpArrivalSeconds * 1_000;
  const line = new RequestLine();
  const times = { headersTimeout: arrival, requestTimeout: arrival, connectionsCheckingInterval: CHECK_MS };
  const http = { ...times, requireHostHeader: false };
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    requestTimeout: arrival,
    ...(certificates ? { https: { ...http, ...tlsOptions(certificates) } } : { http }),
    clientErrorHandler: answerClientErrors(line),
    routerOptions: { maxParamLength: PARAMETER_LIMIT },
    skipMiddie: true,
    multipart: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const refused = refuseUnrouted(request, callers, refusalOf(error, request));
      refused.catch((refusal: unknown) => problems.send(refusal, request, reply));
    },
  });
  const { server } = adapter.getInstance();
  certificates?.follow((served) => (server as unknown as HttpsServer).setSecureContext(served));
  // An expectation that Node does not know is no reason to refuse: the request is answered like any other.
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
  adapter.getInstance().addHook('onRequest', ({ raw }, reply, done) => {
    // No browser is to take an answer for something else than it says it is.
    reply.header('x-content-type-options', 'nosniff');
    line.enter(raw, reply.raw, done);
  });
  return adapter;
}

const tlsOptions = ({ served, asksClients }: Certificates): HttpsOptions => {
  return { ...served, requestCert: asksClients, rejectUnauthorized: false, handshakeTimeout: HANDSHAKE_MS };
};

const refusalOf = (error: Error & { readonly code?: string }, { raw }: FastifyRequest): Error =>
  error.code === 'FST_ERR_BAD_URL' ? notUnicodePath(raw.url ?? '') : error;

const NO_JSON = invalid([{ path: '', rule: 'must be JSON, without keys like __proto__' }]);

/**
 * JSON alone is understood, and no body at all. Keys that would reach prototypes are refused, or taken out where a route says
 * so; what is not Unicode, too deep or too long is refused before anything else reads it.
 */
export function parseJson(fastify: FastifyInstance): void {
  const strict = fastify.getDefaultJsonParser('error', 'error');
  const lenient = fastify.getDefaultJsonParser('remove', 'remove');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      if (body.length === 0) return done(null, undefined);
      const json = request.routeOptions.config.dropsProtoKeys ? lenient : strict;
      try {
        const text = textOf(body, JSON.parse);
        void json(request, text, (error, value) =>
          done(error ? NO_JSON : (valueRefusal(value) ?? null), value),
        );
      } catch (error) {
        done(error as Error);
      }
    },
  );
}
