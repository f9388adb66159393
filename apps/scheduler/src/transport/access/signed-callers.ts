import { Readable } from 'node:stream';
import type { FastifyRequest, RequestPayload } from 'fastify';
import type { Principal } from '#access';
import { Refused } from '../errors/refused.js';
import { bodyOf } from '../http/body.js';
import type { Signatures } from './webhook-signatures.js';

/** The one route whose caller may be known by a signature over the body. */
export const SIGNED_ROUTE = '/v1/webhooks/fleet';

/** Bound of a body that is read before its sender is known, in bytes. */
const MAX_BYTES = 64 * 1_024;

/** The caller of a message that is signed. The name is none that a credential could have. */
const SIGNER: Principal = {
  credential: 'webhook:fleet',
  tenant: 'webhook:fleet',
  role: 'autoscaler',
  maxClass: null,
};

/** Whether a request is admitted by its signature alone. Where it presents a credential in `Authorization`, that decides. */
export const goesBySignature = (
  { routeOptions, headers }: FastifyRequest,
  signatures: Signatures | undefined,
): boolean =>
  headers['webhook-signature'] !== undefined &&
  routeOptions.url === SIGNED_ROUTE &&
  headers.authorization === undefined &&
  signatures?.areKnown === true;

/**
 * Reads the body of a request that goes by its signature, and admits its sender. Returns the body to be read again. Refuses
 * `not_signed_in` where the signature is wrong, old or of another body, and `too_large`.
 */
export async function admitSigned(
  request: FastifyRequest,
  payload: RequestPayload,
  signatures: Signatures,
): Promise<RequestPayload> {
  const body = await bodyOf(payload, MAX_BYTES);
  const header = (name: string): string | undefined => [request.headers[name]].flat()[0];
  const head = {
    id: header('webhook-id'),
    timestamp: header('webhook-timestamp'),
    signature: header('webhook-signature'),
  };
  if (!signatures.areGood(head, body)) throw NOT_SIGNED;
  request.principal = SIGNER;
  return Object.assign(Readable.from([body], { objectMode: false }), { receivedEncodedLength: body.length });
}

const NOT_SIGNED = new Refused({
  reason: 'not_signed_in',
  detail:
    'webhook-signature must be a signature of this body, by a secret of webhooks.fleet, at most 300 s old',
});
