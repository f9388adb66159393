import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';
import { PATIENCE_MS } from '../../tools/patience.mjs';
import { routerClientService, rpcStatusDefinition } from '#contracts';

type Method = MethodDefinition<object, object>;

const TRITON_PROTO = fileURLToPath(new URL('../../proto/triton', import.meta.url));
const triton = loadSync('grpc_service.proto', { includeDirs: [TRITON_PROTO], keepCase: true, longs: String });
const TRITON = triton['inference.GRPCInferenceService'] as ServiceDefinition;
const ROUTER = routerClientService();

/** How a call is made: by when it must be answered, and what is sent beside it. */
export interface CallOptions {
  readonly withinMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls one method of Triton's service on a connection of its own; rejects with a ServiceError. */
export const callTriton = <Answer>(
  address: string,
  name: string,
  request: object,
  options: CallOptions = {},
): Promise<Answer> => call(address, TRITON[name] as Method, request, options);

/** Asks Berth where a model is, as a gateway does by gRPC. */
export const resolveByGrpc = <Answer>(
  address: string,
  request: object,
  options: CallOptions = {},
): Promise<Answer> => call(address, ROUTER['Resolve'] as Method, request, options);

async function call<Answer>(
  address: string,
  method: Method,
  request: object,
  { withinMs = PATIENCE_MS, headers = {} }: CallOptions,
): Promise<Answer> {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadata,
        { deadline: Date.now() + withinMs },
        (error, answer) => (error ? reject(error) : resolve(answer as Answer)),
      );
    });
  } finally {
    client.close();
  }
}

/** What a refusal over gRPC carries. */
export interface RpcRefusal {
  readonly code: number;
  readonly reason: string;
  readonly domain: string;
  readonly pushbackMs: number | null;
}

/** Reads the ErrorInfo of a refused call; one that was given up on this side has none. */
export function readRefusal(error: unknown): RpcRefusal {
  const { code, metadata, message } = error as ServiceError;
  const [bytes] = metadata.get('grpc-status-details-bin');
  if (!Buffer.isBuffer(bytes)) throw new Error(`no details: ${message}`);
  const status = decode('google.rpc.Status', bytes);
  const details = status['details'] as { type_url: string; value: Buffer }[];
  const info = details.find(({ type_url }) => type_url.endsWith('google.rpc.ErrorInfo'));
  if (!info) throw new Error(`no ErrorInfo in ${JSON.stringify(details)}`);
  const { reason, domain } = decode('google.rpc.ErrorInfo', info.value);
  const [pushback] = metadata.get('grpc-retry-pushback-ms');
  return {
    code,
    reason: String(reason),
    domain: String(domain),
    pushbackMs: pushback === undefined ? null : Number(pushback),
  };
}

const definitions = rpcStatusDefinition();

function decode(type: string, bytes: Buffer): Record<string, unknown> {
  const definition = definitions[type] as unknown as { deserialize(bytes: Buffer): object };
  return definition.deserialize(bytes) as Record<string, unknown>;
}
