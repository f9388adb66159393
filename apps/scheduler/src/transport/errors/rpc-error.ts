import { Metadata, type ServerErrorResponse } from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { REFUSALS, rpcStatusDefinition } from '#contracts';
import { type BrokenRule, cutTo, type RefusalFacts } from './refused.js';
import { hintOf, type Random } from './retry-hint.js';

interface Any {
  readonly type_url: string;
  readonly value: Buffer;
}

const definition = rpcStatusDefinition();
const encode = (type: string, message: object): Buffer =>
  (definition[type] as MessageTypeDefinition<object, object>).serialize(message);

/**
 * A refusal travels in trailers, of which many clients take 8 KiB: larger ones they replace by an error of their own, which
 * has no reason. HTTP tells what is left out here.
 */
const MAX_MESSAGE_LENGTH = 500;
const MAX_BYTES = 2_500;

/** Writes a refusal for gRPC: a status with google.rpc details, and what gRPC's own retries obey. */
export function rpcErrorOf(facts: RefusalFacts, random: Random): Partial<ServerErrorResponse> & Error {
  const { reason, detail, retryAfter } = facts;
  const { grpc: code, title } = REFUSALS[reason];
  const message = cutTo(MAX_MESSAGE_LENGTH, detail ?? title);
  const hint = retryAfter == null ? null : hintOf(retryAfter, random);
  const metadata = new Metadata();
  const details = detailsOf(facts, hint);
  metadata.set('grpc-status-details-bin', encode('google.rpc.Status', { code, message, details }));
  if (hint !== null) metadata.set('grpc-retry-pushback-ms', String(hint));
  return { name: 'RefusedCall', message, code, details: message, metadata };
}

function detailsOf({ reason, errors, members, requestId }: RefusalFacts, hint: number | null): Any[] {
  const texts = Object.entries(members ?? {}).map(([key, value]) => [key, text(value)] as const);
  const metadata = Object.fromEntries(fitting(texts, ([, value]) => value));
  const info = { reason: reason.toUpperCase(), domain: 'berth', metadata };
  const fieldViolations = errors && violationsOf(errors);
  return [
    any('google.rpc.ErrorInfo', info),
    ...(hint === null ? [] : [any('google.rpc.RetryInfo', { retryDelay: durationOf(hint) })]),
    ...(requestId === undefined ? [] : [any('google.rpc.RequestInfo', { requestId })]),
    ...(fieldViolations === undefined ? [] : [any('google.rpc.BadRequest', { fieldViolations })]),
  ];
}

function violationsOf(errors: readonly BrokenRule[]): object[] {
  const told = fitting(errors, ({ path, rule }) => path + rule);
  return told.map(({ path, rule }) => ({ field: path, description: rule }));
}

/** The first of them that fit together. */
function fitting<T>(all: readonly T[], textOf: (one: T) => string): readonly T[] {
  let bytes = 0;
  return all.filter((one) => (bytes += Buffer.byteLength(textOf(one))) <= MAX_BYTES);
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
