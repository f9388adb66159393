import type { MessageTypeDefinition, PackageDefinition } from '@grpc/proto-loader';
import { rpcStatusDefinition } from './definitions.js';

interface Details {
  readonly details: readonly { readonly type_url: string; readonly value: Buffer }[];
}

/** Read at the first use: berthctl never has one. */
let definition: PackageDefinition | undefined;
const read = <Message>(type: string, bytes: Buffer): Message => {
  definition ??= rpcStatusDefinition();
  return (definition[type] as MessageTypeDefinition<object, object>).deserialize(bytes) as Message;
};

/** A refusal as the details of a gRPC status tell it. */
export interface ToldRefusal {
  /** In UPPER_SNAKE. */
  readonly reason: string;
  readonly members: Readonly<Record<string, unknown>>;
  /** Milliseconds; null: no hint. */
  readonly retryAfter: number | null;
}

/** What a Berth has told of a refusal in its trailer `grpc-status-details-bin`; null where none has. Never throws. */
export function toldIn(trailer: string | Buffer | undefined): ToldRefusal | null {
  if (!Buffer.isBuffer(trailer)) return null;
  try {
    const { details } = read<Details>('google.rpc.Status', trailer);
    const find = (type: string): Buffer | undefined =>
      details.find(({ type_url: url }) => url.endsWith(`/${type}`))?.value;
    const info = read<Info>('google.rpc.ErrorInfo', find('google.rpc.ErrorInfo')!);
    const hint = find('google.rpc.RetryInfo');
    const delay = hint && read<RetryInfo>('google.rpc.RetryInfo', hint).retryDelay;
    if (info.domain !== 'berth') return null;
    return {
      reason: info.reason,
      members: Object.fromEntries(Object.entries(info.metadata).map(([key, text]) => [key, valueOf(text)])),
      retryAfter: delay ? Number(delay.seconds) * 1_000 + delay.nanos / 1e6 : null,
    };
  } catch {
    return null;
  }
}

interface Info {
  readonly domain: string;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
}
interface RetryInfo {
  readonly retryDelay: { readonly seconds: string; readonly nanos: number } | null;
}

/** Numbers and the like are told as JSON, texts as they are. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The reason of a refusal, in UPPER_SNAKE, by the same trailer; null where a Berth has not told one. Never throws. */
export const reasonIn = (trailer: string | Buffer | undefined): string | null =>
  toldIn(trailer)?.reason ?? null;
