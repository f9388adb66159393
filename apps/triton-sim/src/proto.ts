import { join } from 'node:path';
import { loadPackageDefinition } from '@grpc/grpc-js';
import type { ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { packageRoot } from '#triton';

/** Triton's gRPC service, read from the project's `proto` folder; fields keep their snake case names. */
export function tritonService(): ServiceClientConstructor {
  const definition = loadSync('grpc_service.proto', {
    includeDirs: [join(packageRoot(), 'proto', 'triton')],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const { inference } = loadPackageDefinition(definition) as unknown as {
    inference: { GRPCInferenceService: ServiceClientConstructor };
  };
  return inference.GRPCInferenceService;
}
