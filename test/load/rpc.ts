import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { protoFolder } from '#contracts';

type Method = MethodDefinition<object, object>;

/** Where a model is, as Berth tells it: what the bare servers answer too. */
export type Route = Readonly<Record<string, unknown>> & { readonly cold: boolean };

const proto = protoFolder();
const router = loadSync('berth/v1/router.proto', {
  includeDirs: [proto],
  ...{ longs: String, enums: String, defaults: true },
});
const triton = loadSync('grpc_service.proto', { includeDirs: [join(proto, 'triton')], keepCase: true });

/** The service that is measured, as anybody would load it. */
export const ROUTER = router['berth.v1.Router'] as ServiceDefinition;
const TRITON = triton['inference.GRPCInferenceService'] as ServiceDefinition;

/** A connection over which one may ask. */
export class Caller {
  private readonly client: Client;

  /** `address` is `host:port`. */
  constructor(address: string) {
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
      this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) =>
        error ? reject(error) : resolve(answer as Answer),
      );
    });
  }
}
