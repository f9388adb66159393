import { z } from 'zod';
import type { SimulatedModel } from './simulated-model.js';

const bytes = z
  .number()
  .int()
  .min(0)
  .max(2 ** 50);
const ms = z.number().min(0).max(86_400_000);

const schema = z.strictObject({
  name: z.string().min(1).max(256),
  versions: z.array(z.number().int().min(1)).max(64).exactOptional(),
  gpuBytes: bytes.exactOptional(),
  hostBytes: bytes.exactOptional(),
  loadMs: ms.exactOptional(),
  loadSpread: z.number().min(0).max(3).exactOptional(),
  unloadMs: ms.exactOptional(),
  inferMs: ms.exactOptional(),
  backend: z.enum(['onnxruntime', 'tensorrt', 'pytorch', 'python', 'vllm']).exactOptional(),
  config: z.record(z.string(), z.unknown()).exactOptional(),
  spreadsOver: z.array(z.number().int().min(0).max(1023)).max(64).exactOptional(),
  steps: z.array(z.string().min(1).max(256)).max(64).exactOptional(),
  python: z.boolean().exactOptional(),
  pycPresent: z.boolean().exactOptional(),
  failWith: z.string().max(4096).exactOptional(),
  failingVersions: z.array(z.number().int().min(1)).max(64).exactOptional(),
  failParameter: z.strictObject({ name: z.string().max(256), text: z.string().max(4096) }).exactOptional(),
  missingModelFile: z.boolean().exactOptional(),
  duplicateInRepositories: z.boolean().exactOptional(),
  noVersionDirectory: z.boolean().exactOptional(),
  residueBytes: bytes.exactOptional(),
});

/** Checks a model that comes from a file or over the wire; errors name the field and the rule. */
export const simulatedModelSchema: z.ZodType<SimulatedModel> = schema;
