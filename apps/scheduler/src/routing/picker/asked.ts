import { grpcCall, httpCall, type TritonCall } from '#envoy';
import { patience } from '../deadline.js';
import type { ProcessingRequest } from './processing.js';

/** What a client of Envoy asks for, as far as its headers tell. */
export interface Asked extends TritonCall {
  readonly protocol: 'http' | 'grpc';
  /** As it came. */
  readonly path: string;
  /** How long the caller waits, in milliseconds; null: it does not say so. */
  readonly wait: number | null;
  /** Of the bodies over gRPC. */
  readonly encoding: string;
  /** How often the request was tried, this time included. */
  readonly attempt: number;
  readonly affinityKey: string | undefined;
  readonly requestId: string | undefined;
  /** The tenant and the objective that the caller names, by the headers of the Inference Extension. */
  readonly tenant: string | undefined;
  readonly objective: string | undefined;
}

/** Bound of characters of what is taken as it comes. A longer one is as good as none. */
const MAX_TEXT = 128;

/** The headers that are read, of which the last counts. */
const READ: ReadonlySet<string> = new Set([
  ...[':path', ':status', 'content-type', 'grpc-encoding', 'grpc-timeout', 'grpc-status', 'grpc-message'],
  ...['x-berth-model', 'x-berth-version', 'x-berth-wait-ms', 'x-berth-affinity', 'x-berth-again'],
  ...['x-envoy-attempt-count', 'x-request-id'],
  ...['x-gateway-inference-fairness-id', 'x-gateway-inference-objective'],
]);

/** The headers that are read of a request or an answer. */
export function headersIn({
  headers,
}: NonNullable<ProcessingRequest['requestHeaders']>): Map<string, string> {
  const found = new Map<string, string>();
  for (const { key, value, rawValue } of headers?.headers ?? [])
    if (READ.has(key)) found.set(key, rawValue.length > 0 ? rawValue.toString('latin1') : value);
  return found;
}

/** Reads the headers of a request. The path says what is asked for; headers name a model only where it does not. */
export function askedBy(headers: ReadonlyMap<string, string>): Asked {
  const path = headers.get(':path') ?? '';
  const isGrpc = headers.get('content-type')?.startsWith('application/grpc') === true;
  return {
    ...(isGrpc ? namedByHeaders(grpcCall(path), headers) : httpCall(path)),
    protocol: isGrpc ? 'grpc' : 'http',
    path,
    wait: waitOf(headers),
    encoding: headers.get('grpc-encoding') ?? 'identity',
    attempt: Number(headers.get('x-envoy-attempt-count') ?? 1) || 1,
    tenant: headers.get('x-gateway-inference-fairness-id'),
    objective: headers.get('x-gateway-inference-objective'),
    affinityKey: shortIn(headers.get('x-berth-affinity')),
    requestId: shortIn(headers.get('x-request-id')),
  };
}

/** The path of a gRPC call names no model. */
function namedByHeaders(call: TritonCall, headers: ReadonlyMap<string, string>): TritonCall {
  if (call.kind === 'server') return call;
  const model = headers.get('x-berth-model') ?? null;
  return { kind: call.kind, model, version: headers.get('x-berth-version') ?? null };
}

const shortIn = (text: string | undefined): string | undefined =>
  text !== undefined && text.length > 0 && text.length <= MAX_TEXT ? text : undefined;

/** Milliseconds of the units of `grpc-timeout` (https://grpc.github.io/grpc/core/md_doc__p_r_o_t_o_c_o_l-_h_t_t_p2.html). */
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

function waitOf(headers: ReadonlyMap<string, string>): number | null {
  const told = /^[0-9]{1,9}$/.exec(headers.get('x-berth-wait-ms') ?? '');
  const [, count, unit] = /^([0-9]{1,8})([HMSmun])$/.exec(headers.get('grpc-timeout') ?? '') ?? [];
  const waits = [
    ...(told ? [Number(told[0])] : []),
    ...(count === undefined ? [] : [patience(Number(count) * UNITS[unit!]!)]),
  ];
  return waits.length > 0 ? Math.floor(Math.min(...waits)) : null;
}
