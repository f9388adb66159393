import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition } from '@grpc/grpc-js';
import type { ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** Triton's gRPC service, read from the project's `proto` folder; fields keep their snake case names. */
export function tritonService(): ServiceClientConstructor {
  const definition = loadSync('grpc_service.proto', {
    includeDirs: [join(projectRoot(), 'proto', 'triton')],
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

/** The sources and what is built from them lie at different depths, so the root is looked for. */
function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isProjectRoot(folder)) {
    const above = dirname(folder);
    if (above === folder)
      throw new Error('triton-sim: no folder above has the package berth, so no proto folder');
    folder = above;
  }
  return folder;
}

function isProjectRoot(folder: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown };
    return name === 'berth';
  } catch {
    return false;
  }
}
