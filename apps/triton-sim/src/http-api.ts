import type { Reply, RpcError, SimulatedTriton } from '#triton-simulator';
import { batchOf, outputNames } from './echo.js';
import type { WireTensor } from './echo.js';
import type { HttpAnswer, HttpRequest } from './http-listen.js';

interface InferBody {
  readonly id?: string;
  readonly inputs?: readonly (WireTensor & { readonly data?: unknown })[];
  readonly outputs?: readonly { readonly name: string }[];
}

const INFER = /^\/v2\/models\/([^/]+)(?:\/versions\/(\d+))?\/infer$/;

/** The few HTTP calls of Triton that a gateway or a probe makes. */
export async function answerHttp(sim: SimulatedTriton, request: HttpRequest): Promise<HttpAnswer> {
  const infer = INFER.exec(request.path);
  if (infer !== null) {
    if (request.method !== 'POST') return refuse(405, 'Method Not Allowed');
    return answerInfer(sim, decodeURIComponent(infer[1]!), infer[2] ?? '', request.body);
  }
  const isKnown = ['/v2', '/v2/health/live', '/v2/health/ready'].includes(request.path);
  if (!isKnown) return refuse(404, 'Not Found');
  if (request.method !== 'GET') return refuse(405, 'Method Not Allowed');
  if (request.path === '/v2')
    return asked(
      (reply) => sim.serverMetadata(reply),
      (json) => ({ status: 200, json }),
    );
  const probe = (reply: Reply<boolean>): void =>
    request.path === '/v2/health/live' ? sim.serverLive(reply) : sim.serverReady(reply);
  return asked(probe, (isGood) => ({ status: isGood ? 200 : 400, text: '' }));
}

function answerInfer(
  sim: SimulatedTriton,
  model: string,
  version: string,
  text: string,
): Promise<HttpAnswer> {
  const body = parseBody(text);
  if (body === undefined) return Promise.resolve(refuse(400, 'failed to parse the request JSON buffer'));
  const inputs = body.inputs ?? [];
  const names = outputNames(
    { inputs, outputs: body.outputs ?? [] },
    sim.repository.model(model)?.config ?? {},
  );
  const outputs = names.map((name, at) => ({ ...inputs[Math.min(at, inputs.length - 1)], name }));
  const call = { model, version, inputs: inputs.map(({ name }) => name), batchSize: batchOf(inputs) };
  return asked(
    (reply: Reply<{ readonly version: string }>) => sim.infer(call, reply),
    (answer) => ({
      status: 200,
      json: {
        ...(body.id !== undefined && { id: body.id }),
        model_name: model,
        model_version: answer.version,
        outputs,
      },
    }),
  );
}

function asked<T>(ask: (reply: Reply<T>) => void, shape: (value: T) => HttpAnswer): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    ask((answer) =>
      resolve('ok' in answer ? shape(answer.ok) : refuse(statusOf(answer.error), answer.error.message)),
    );
  });
}

function parseBody(text: string): InferBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null) return undefined;
    const inputs = 'inputs' in body ? body.inputs : undefined;
    if (inputs === undefined) return {};
    return Array.isArray(inputs) ? { inputs: inputs as NonNullable<InferBody['inputs']> } : undefined;
  } catch {
    return undefined;
  }
}

function statusOf({ code }: RpcError): number {
  switch (code) {
    case 'INTERNAL':
      return 500;
    case 'NOT_FOUND':
      return 404;
    case 'UNAVAILABLE':
      return 503;
    case 'UNIMPLEMENTED':
      return 501;
    default:
      return 400;
  }
}

function refuse(status: number, error: string): HttpAnswer {
  return { status, json: { error } };
}
