import type { RefusalReason } from '#core';

/** Reasons that only the edge knows: writes, and what never reaches the core. */
type EdgeReason =
  | 'unknown_server'
  | 'unknown_endpoint'
  | 'unknown_dead_letter'
  | 'unknown_warmup'
  | 'pin_does_not_fit'
  | 'pinned'
  | 'in_use'
  | 'declared_in_file'
  | 'revision_mismatch'
  | 'idempotency_key_reused'
  | 'not_signed_in'
  | 'not_allowed'
  | 'busy'
  | 'not_found'
  | 'too_large'
  | 'unsupported_media_type'
  | 'internal';

/** Every reason a caller may be told. The same word on every interface. */
export type Reason = RefusalReason | EdgeReason;

/** How a refusal looks on each interface. */
export interface RefusalForm {
  readonly http: number;
  /** The number of the gRPC status. */
  readonly grpc: number;
  readonly title: string;
}

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const ABORTED = 10;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** The one table of refusals (contract, sections 2 and 3). */
export const REFUSALS: Readonly<Record<Reason, RefusalForm>> = {
  unknown_model: form(404, NOT_FOUND, 'There is no such model'),
  unknown_version: form(404, NOT_FOUND, 'The model has no such version'),
  invalid_request: form(400, INVALID_ARGUMENT, 'The request breaks a rule'),
  disabled: form(409, FAILED_PRECONDITION, 'The model is disabled'),
  infeasible: form(422, FAILED_PRECONDITION, 'The model fits nowhere'),
  load_failed: form(502, FAILED_PRECONDITION, 'The model cannot be loaded'),
  loading: form(503, UNAVAILABLE, 'The model is on its way'),
  cooling_down: form(503, UNAVAILABLE, 'The last load failed; the next try comes later'),
  deadline_unreachable: form(503, RESOURCE_EXHAUSTED, 'The model cannot be ready in the time given'),
  no_capacity: form(503, RESOURCE_EXHAUSTED, 'There is no capacity for the model in time'),
  queue_full: form(429, RESOURCE_EXHAUSTED, 'Too many requests wait already'),
  over_share: form(429, RESOURCE_EXHAUSTED, 'The tenant has too many requests waiting'),
  no_server: form(503, UNAVAILABLE, 'No server can take it just now'),
  no_leader: form(503, UNAVAILABLE, 'No process decides at this moment'),
  store_unavailable: form(503, UNAVAILABLE, 'The store takes no writes at this moment'),
  shutting_down: form(503, UNAVAILABLE, 'This process is ending'),
  unknown_server: form(404, NOT_FOUND, 'There is no such server'),
  unknown_endpoint: form(404, NOT_FOUND, 'There is no such endpoint'),
  unknown_dead_letter: form(404, NOT_FOUND, 'There is no such dead letter'),
  unknown_warmup: form(404, NOT_FOUND, 'There is no such warm-up'),
  pin_does_not_fit: form(409, FAILED_PRECONDITION, 'There is no place for a pin beside the others'),
  pinned: form(409, FAILED_PRECONDITION, 'The model is pinned'),
  in_use: form(409, FAILED_PRECONDITION, 'It is in use'),
  declared_in_file: form(409, FAILED_PRECONDITION, 'The configuration file declares it'),
  revision_mismatch: form(412, ABORTED, 'It was changed meanwhile'),
  idempotency_key_reused: form(422, FAILED_PRECONDITION, 'The idempotency key was used for another request'),
  not_signed_in: form(401, UNAUTHENTICATED, 'No valid credential was presented'),
  busy: form(503, UNAVAILABLE, 'A bound of this process is reached'),
  not_allowed: form(403, PERMISSION_DENIED, 'The request is not allowed'),
  not_found: form(404, UNIMPLEMENTED, 'There is nothing here'),
  too_large: form(413, RESOURCE_EXHAUSTED, 'The request is too large'),
  unsupported_media_type: form(415, INVALID_ARGUMENT, 'The body is of a type that is not understood'),
  internal: form(500, INTERNAL, 'Something went wrong inside Berth'),
};

function form(http: number, grpc: number, title: string): RefusalForm {
  return { http, grpc, title };
}
