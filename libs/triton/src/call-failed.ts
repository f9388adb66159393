import { status } from '@grpc/grpc-js';

/** A call that Triton answered with an error, or that never got its answer. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  constructor(
    readonly code: status,
    /** Triton's words, without anything around them. */
    readonly details: string,
    subject: string,
  ) {
    super(`${subject}: ${status[code] ?? code} ${details}`);
  }
}

/** It said that it is shutting down; it goes on answering until it has. */
export const saysLeaving = ({ code, details }: CallFailed): boolean =>
  code === status.UNAVAILABLE && /^Server (exiting|not ready)$/.test(details.trim());

/** Explicit model control is not what this server was started with. */
export const saysWrongMode = ({ code, details }: CallFailed): boolean =>
  code === status.UNAVAILABLE && details.includes('explicit model load / unload is not allowed');

/** We lack the header of a restricted protocol, or a proxy between us lets nothing through. */
export const saysRestricted = ({ code, details }: CallFailed): boolean =>
  (code === status.UNAVAILABLE && details.includes('This protocol is restricted')) ||
  code === status.UNAUTHENTICATED ||
  code === status.PERMISSION_DENIED;

/**
 * Triton answered that it could not tell just then: a model left while its statistics were gathered, or files went while the
 * index was. That is about this one call; nothing follows from it for the server.
 */
export const saysNotNow = ({ code, details }: CallFailed): boolean =>
  (code === status.UNAVAILABLE && details.includes('Request for unknown model')) ||
  (code === status.INVALID_ARGUMENT && details.includes('is not available')) ||
  (code === status.INTERNAL && details.includes('failed to stat'));

/** No version of the model serves: what 2.70 answers instead of `ready: false`, and every config call of a model that doesn't. */
export const saysNotServing = ({ code, details }: CallFailed): boolean =>
  code === status.NOT_FOUND || (code === status.UNAVAILABLE && details.includes('Request for unknown model'));
