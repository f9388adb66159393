/** The gRPC status codes a Triton, or the connection to one, answers with. */
type StatusCode =
  | 'CANCELLED'
  | 'UNKNOWN'
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE';

/** A call that ended with a status. */
export interface RpcError {
  readonly code: StatusCode;
  readonly message: string;
}

/** How a call ended. */
export type Answer<T> = { readonly ok: T } | { readonly error: RpcError };

/** Called once with the end of a call, or never when the reply was lost. */
export type Reply<T> = (answer: Answer<T>) => void;

/** The answer of a call that succeeded. */
export function succeed<T>(value: T): Answer<T> {
  return { ok: value };
}

/** The answer of a call that ended with a status. */
export function fail(error: RpcError): { readonly error: RpcError } {
  return { error };
}

/** Every text with which a Triton 2.51 was seen to answer. Berth's adapter matches on these, so they are verbatim. */
export const says = {
  notFound: (name: string) => rpc('NOT_FOUND', `${unknown(name)} is not found`),
  noVersions: (name: string) => rpc('NOT_FOUND', `${unknown(name)} has no available versions`),
  notReady: (name: string, version: string) =>
    rpc('UNAVAILABLE', `${unknown(name)} version ${version} is not at ready state`),
  versionNotFound: (name: string, version: string) =>
    rpc('NOT_FOUND', `${unknown(name)} version ${version} is not found`),
  versionNotANumber: (version: string) =>
    rpc(
      'INVALID_ARGUMENT',
      `failed to get model version from specified version string '${version}' (details: stol), version should be an integral value > 0`,
    ),
  versionNegative: (version: string) =>
    rpc(
      'INVALID_ARGUMENT',
      `invalid model version specified '${version}' , version should be an integral value > 0`,
    ),
  noStatistics: (name: string) => rpc('INVALID_ARGUMENT', `requested model '${name}' is not available`),
  noStatisticsVersion: (name: string) =>
    rpc('INVALID_ARGUMENT', `requested model version is not available for model '${name}'`),
  statFailed: (path: string) => rpc('INTERNAL', `failed to stat file ${path}`),
  repositoryName: () => rpc('UNIMPLEMENTED', `'repository_name' specification is not supported`),
  pollFailed: (name: string) =>
    rpc('INTERNAL', `failed to load '${name}', failed to poll from model repository`),
  noVersionAvailable: (name: string) => rpc('INTERNAL', `failed to load '${name}', no version is available`),
  loadFailed: (name: string, detail: string) =>
    rpc('INVALID_ARGUMENT', `load failed for model '${name}': ${detail}\n`),
  notExplicit: () => rpc('UNAVAILABLE', 'explicit model load / unload is not allowed if polling is enabled'),
  configNotString: () =>
    rpc('INVALID_ARGUMENT', `invalid value type for load parameter 'config', expected string_param.`),
  fileNotBytes: (key: string) =>
    rpc('INVALID_ARGUMENT', `invalid value type for load parameter '${key}', expected bytes_param.`),
  unknownParameter: (key: string) => rpc('INVALID_ARGUMENT', `unrecognized load parameter '${key}'.`),
  dependentsNotBool: () =>
    rpc('INVALID_ARGUMENT', `invalid value type for 'unload_dependents' parameter, expected bool_param.`),
  restricted: (key: string) =>
    rpc('UNAVAILABLE', `This protocol is restricted, expecting header 'triton-grpc-protocol-${key}'`),
  missingInputs: (name: string, expected: readonly string[], got: readonly string[]) =>
    rpc('INVALID_ARGUMENT', missingInputs(name, expected, got)),
  batchTooLarge: (name: string, largest: number) =>
    rpc(
      'INVALID_ARGUMENT',
      `[request id: <id_unknown>] inference request batch-size must be <= ${largest} for '${name}'`,
    ),
  unhealthyStub: (instance: string) => rpc('INTERNAL', `Stub process '${instance}' is not healthy.`),
  exiting: () => rpc('UNAVAILABLE', 'Server exiting'),
  serverNotReady: () => rpc('UNAVAILABLE', 'Server not ready'),
  refused: () => rpc('UNAVAILABLE', 'failed to connect to all addresses; last error: Connection refused'),
  socketClosed: () => rpc('UNAVAILABLE', 'Stream removed (Socket closed)'),
} as const;

function rpc(code: StatusCode, message: string): RpcError {
  return { code, message };
}

function unknown(name: string): string {
  return `Request for unknown model: '${name}'`;
}

function missingInputs(name: string, expected: readonly string[], got: readonly string[]): string {
  const missing = expected.filter((input) => !got.includes(input));
  const list = (names: readonly string[]): string => `[${names.map((input) => `'${input}'`).join(', ')}]`;
  const lacking = missing.length === 0 ? ']' : list(missing); // as Triton writes an empty list
  return (
    `[request id: <id_unknown>] expected ${expected.length} inputs but got ${got.length} inputs for model '${name}'. ` +
    `Got input(s) ${list(got)}, but missing required input(s) ${lacking}. Please provide all required input(s).`
  );
}
