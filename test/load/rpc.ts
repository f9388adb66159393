import { join } from 'node:path';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { protoFolder, rpcStatusDefinition } from '#contracts';

type Method = MethodDefinition<object, object>;

/** Where a model is, as Berth tells it: what the bare servers answer too. */
export type Route = Readonly<Record<string, unknown>> & { readonly cold: boolean };

const proto = protoFolder();
const router = loadSync('berth/v1/router.proto', {
  includeDirs: [proto],
  ...{ longs: String, enums: String, defaults: true },
});
const triton = loadSync('grpc_service.proto', { includeDirs: [join(proto, 'triton')], keepCase: true });

/** The service that is measured, loaded as any client would load it. */
export const ROUTER = router['berth.v1.Router'] as ServiceDefinition;
const TRITON = triton['inference.GRPCInferenceService'] as ServiceDefinition;

/** A connection over which one may ask. */
export class Caller {
  private readonly client: Client;

  private readonly metadata = new Metadata();

  /** `address` is `host:port`; the metadata goes with each call. */
  constructor(address: string, metadata: Readonly<Record<string, string>> = {}) {
    for (const [name, value] of Object.entries(metadata)) this.metadata.set(name, value);
    this.client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  }

  resolve(request: object): Promise<Route> {
    return this.call(ROUTER['Resolve'] as Method, request);
  }

  triton<Answer>(method: string, request: object): Promise<Answer> {
    return this.call(TRITON[method] as Method, request);
  }

  close(): void {
    this.client.close();
  }

  private call<Answer>(method: Method, request: object): Promise<Answer> {
    const { path, requestSerialize, responseDeserialize } = method;
    return new Promise((resolve, reject) => {
      const { metadata } = this;
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        (error, answer) => (error ? reject(error) : resolve(answer as Answer)),
      );
    });
  }
}

const statuses = rpcStatusDefinition();

/** Why Berth turned a call away, in lower case; another server's refusal is told as it is. */
export function reasonOf(error: unknown): string {
  const { metadata, details } = error as ServiceError;
  const [bytes] = metadata?.get('grpc-status-details-bin') ?? [];
  if (!Buffer.isBuffer(bytes)) return details;
  const told = decode<Details>('google.rpc.Status', bytes);
  const info = told.details.find(({ type_url: type }) => type.endsWith('google.rpc.ErrorInfo'));
  return info ? decode<Info>('google.rpc.ErrorInfo', info.value).reason.toLowerCase() : details;
}

interface Details {
  readonly details: readonly { readonly type_url: string; readonly value: Buffer }[];
}

interface Info {
  readonly reason: string;
}

const decode = <Message>(type: string, bytes: Buffer): Message =>
  (statuses[type] as unknown as { deserialize(bytes: Buffer): Message }).deserialize(bytes);
