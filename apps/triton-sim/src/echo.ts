import type { ConfigJson } from '#triton-simulator';

/** A tensor as gRPC carries it; its data may lie in the request's raw contents instead. */
export interface WireTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly (string | number)[];
  readonly contents?: unknown;
}

/** The part of a ModelInfer request that an echo needs. */
export interface InferRequest {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly inputs: readonly WireTensor[];
  readonly outputs: readonly { readonly name: string }[];
  readonly raw_input_contents: readonly Buffer[];
}

/** How many inferences a request is to a model that takes batches: the first size of its inputs. */
export function batchOf([input]: readonly Pick<WireTensor, 'shape'>[]): number {
  return Math.max(1, Number(input?.shape?.[0] ?? 1));
}

/** Answers each output with the data of an input: of the one in the same position, or of the last. */
export function echo(request: InferRequest, version: string, config: ConfigJson): object {
  const names = outputNames(request, config);
  const sources = names.map((_, at) => Math.min(at, request.inputs.length - 1));
  const isRaw = request.raw_input_contents.length > 0;
  return {
    model_name: request.model_name,
    model_version: version,
    id: request.id,
    outputs: names.map((name, at) => ({ ...request.inputs[sources[at]!], name, parameters: {} })),
    raw_output_contents: isRaw
      ? sources.map((source) => request.raw_input_contents[source] ?? Buffer.alloc(0))
      : [],
  };
}

/** The outputs that were asked for, or else those of the model's configuration. */
export function outputNames(
  request: Pick<InferRequest, 'inputs' | 'outputs'>,
  config: ConfigJson,
): readonly string[] {
  if (request.inputs.length === 0) return [];
  if (request.outputs.length > 0) return request.outputs.map(({ name }) => name);
  const declared = config['output'];
  if (Array.isArray(declared)) return declared.map(({ name }: { name?: string }) => String(name));
  return request.inputs.map(({ name }) => name);
}
