/**
 * What a request to Triton asks for:
 *
 * - `infer`: an inference; `describe`: metadata or the config of a model. Both need a copy of the model.
 * - `ready`, `statistics`: of one model. They start nothing.
 * - `server`: of any server.
 * - `administer`: what changes a server, or shows memory that others share. It is refused.
 * - `unknown`: nothing that Triton answers.
 */
export type CallKind = 'infer' | 'describe' | 'ready' | 'statistics' | 'server' | 'administer' | 'unknown';

/** A request to Triton, as far as its path tells. */
export interface TritonCall {
  readonly kind: CallKind;
  /** Null: the path names none. Over gRPC none does. */
  readonly model: string | null;
  readonly version: string | null;
}

const MODEL_PATH = /^\/v2\/models\/([^/]*)(?:\/versions\/([^/]*))?(?:\/([a-z_/]+))?$/;
const SERVER_PATHS: ReadonlySet<string> = new Set([
  ...['/v2', '/v2/health/live', '/v2/health/ready', '/v2/models/stats'],
]);
const ADMINISTRATION = /^\/v2\/(repository|systemsharedmemory|cudasharedmemory|trace|logging)(\/|$)/;
const KINDS: Readonly<Record<string, CallKind>> = {
  ...{ infer: 'infer', generate: 'infer', generate_stream: 'infer' },
  ...{
    '': 'describe',
    config: 'describe',
    ready: 'ready',
    stats: 'statistics',
    'trace/setting': 'administer',
  },
};

/** The call of an HTTP path; a query is passed over. Names are as they stand in the path: Berth knows none with `%`. */
export function httpCall(url: string): TritonCall {
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  if (SERVER_PATHS.has(path)) return { kind: 'server', model: null, version: null };
  if (ADMINISTRATION.test(path)) return { kind: 'administer', model: null, version: null };
  const [, model, version = null, verb = ''] = MODEL_PATH.exec(path) ?? [];
  if (model === undefined || !Object.hasOwn(KINDS, verb)) return UNKNOWN;
  return { kind: KINDS[verb]!, model, version };
}

const SERVICE = '/inference.GRPCInferenceService/';
const METHODS = new Map<string, TritonCall>(
  Object.entries({
    ...{ ModelInfer: 'infer', ModelStreamInfer: 'infer', ModelMetadata: 'describe', ModelConfig: 'describe' },
    ...{ ModelReady: 'ready', ModelStatistics: 'statistics' },
    ...{ ServerLive: 'server', ServerReady: 'server', ServerMetadata: 'server' },
    ...{ TraceSetting: 'administer', LogSettings: 'administer' },
  } satisfies Record<string, CallKind>).map(([name, kind]) => [
    SERVICE + name,
    { kind, model: null, version: null },
  ]),
);
const UNKNOWN: TritonCall = { kind: 'unknown', model: null, version: null };
const ADMINISTRATION_METHODS = /^(Repository|SystemSharedMemory|CudaSharedMemory)/;

/** The call of a gRPC method, by its path. */
export function grpcCall(path: string): TritonCall {
  const known = METHODS.get(path);
  if (known) return known;
  const isAdministration =
    path.startsWith(SERVICE) && ADMINISTRATION_METHODS.test(path.slice(SERVICE.length));
  return isAdministration ? { ...UNKNOWN, kind: 'administer' } : UNKNOWN;
}
