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

/**
 * The reason of a refusal over gRPC, in UPPER_SNAKE, from its trailer `grpc-status-details-bin`; null where a Berth has not told
 * one. Never throws.
 */
export function reasonIn(trailer: string | Buffer | undefined): string | null {
  if (!Buffer.isBuffer(trailer)) return null;
  try {
    const { details } = read<Details>('google.rpc.Status', trailer);
    const info = details.find(({ type_url: type }) => type.endsWith('/google.rpc.ErrorInfo'));
    if (info === undefined) return null;
    const { domain, reason } = read<{ domain: string; reason: string }>('google.rpc.ErrorInfo', info.value);
    return domain === 'berth' ? reason : null;
  } catch {
    return null;
  }
}
