import { fileURLToPath } from 'node:url';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { PATIENCE_MS } from '../../tools/patience.mjs';

/** How a call ended: what came back, or the status and its text. */
export type Ended =
  { readonly code: 'OK'; readonly value: Message } | { readonly code: string; readonly text: string };

export type Message = Readonly<Record<string, unknown>>;

/** A client that takes no part in the comparison: no retries, no reading of texts. */
export interface Wire {
  call(method: string, request: Message): Promise<Ended>;
  close(): void;
}

/** Connects to one life of a server. */
export function connect(address: string): Wire {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const call = (method: string, request: Message): Promise<Ended> => {
    const { path, requestSerialize, responseDeserialize } = service[method]!;
    const options = { deadline: Date.now() + PATIENCE_MS };
    return new Promise((resolve) =>
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata(),
        options,
        (error, value) =>
          resolve(
            error
              ? { code: status[error.code] ?? 'UNKNOWN', text: error.details }
              : { code: 'OK', value: value as Message },
          ),
      ),
    );
  };
  return { call, close: () => client.close() };
}

/** A request for one inference of a model that takes a number. */
export function inference(model: string, version = ''): Message {
  const number = Buffer.alloc(4);
  number.writeFloatLE(1);
  const inputs = [{ name: 'IN', datatype: 'FP32', shape: [1] }];
  return { model_name: model, model_version: version, inputs, raw_input_contents: [number] };
}

/** A request for so many inferences at once. */
export function batch(model: string, size: number): Message {
  const inputs = [{ name: 'IN', datatype: 'FP32', shape: [size, 1] }];
  return { ...inference(model), inputs, raw_input_contents: [Buffer.alloc(4 * size)] };
}

const service = loadSync('grpc_service.proto', {
  includeDirs: [fileURLToPath(new URL('../../proto/triton', import.meta.url))],
  keepCase: true,
  longs: Number,
  enums: String,
  defaults: true,
})['inference.GRPCInferenceService'] as ServiceDefinition;
