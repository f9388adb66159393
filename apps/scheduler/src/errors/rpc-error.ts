import { Metadata, type ServerErrorResponse } from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { REFUSALS, rpcStatusDefinition } from '#contracts';
import type { RefusalFacts } from './refused.js';
import { jittered, type Random } from './retry-hint.js';

interface Any {
  readonly type_url: string;
  readonly value: Buffer;
}

const definition = rpcStatusDefinition();
const encode = (type: string, message: object): Buffer =>
  (definition[type] as MessageTypeDefinition<object, object>).serialize(message);

/** Writes a refusal for gRPC: a status with google.rpc details, and what gRPC's own retries obey. */
export function rpcErrorOf(facts: RefusalFacts, random: Random): Partial<ServerErrorResponse> & Error {
  const { reason, detail, retryAfter } = facts;
  const { grpc: code, title } = REFUSALS[reason];
  const message = detail ?? title;
  const hint = retryAfter == null ? null : Math.ceil(jittered(retryAfter, random));
  const metadata = new Metadata();
  const details = detailsOf(facts, hint);
  metadata.set('grpc-status-details-bin', encode('google.rpc.Status', { code, message, details }));
  if (hint !== null) metadata.set('grpc-retry-pushback-ms', String(hint));
  return { name: 'RefusedCall', message, code, details: message, metadata };
}

function detailsOf({ reason, errors, members }: RefusalFacts, hint: number | null): Any[] {
  const metadata = Object.fromEntries(
    Object.entries(members ?? {}).map(([key, value]) => [key, text(value)]),
  );
  const info = { reason: reason.toUpperCase(), domain: 'berth', metadata };
  const fieldViolations = errors?.map(({ path, rule }) => ({ field: path, description: rule }));
  return [
    any('google.rpc.ErrorInfo', info),
    ...(hint === null ? [] : [any('google.rpc.RetryInfo', { retryDelay: durationOf(hint) })]),
    ...(fieldViolations === undefined ? [] : [any('google.rpc.BadRequest', { fieldViolations })]),
  ];
}

const durationOf = (millis: number) => ({
  seconds: Math.floor(millis / 1_000),
  nanos: (millis % 1_000) * 1_000_000,
});

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** proto-loader reads `typeUrl`; protobuf.js' own Any is written with `type_url`. */
function any(type: string, message: object): Any & { readonly typeUrl: string } {
  const url = `type.googleapis.com/${type}`;
  return { type_url: url, typeUrl: url, value: encode(type, message) };
}
