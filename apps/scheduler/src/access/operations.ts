import type { Right } from '#access';

/** What a call needs; `nothing`: not even a credential. */
export type Needs = Right | 'nothing';

/** Each operation of ours and what it needs, over HTTP and over gRPC alike. On gRPC a method has the name of its operation. */
export const OPERATIONS = {
  Resolve: 'route',
  ListModels: 'read',
  GetModel: 'read',
  ExplainModel: 'read',
  Plan: 'read',
  ListServers: 'read',
  GetServer: 'read',
  GetFleet: 'read',
  GetOpenApi: 'read',
  PinModel: 'operate',
  UnpinModel: 'operate',
  LoadModel: 'operate',
  /** With `force` it needs `declare` as well. */
  UnloadModel: 'operate',
  ReloadModel: 'operate',
  DrainServer: 'operate',
  UndrainServer: 'operate',
  FreezeFleet: 'operate',
  UnfreezeFleet: 'operate',
  PutModel: 'declare',
  PatchModel: 'declare',
  DeleteModel: 'declare',
  BatchModels: 'declare',
  PutServer: 'declare',
  DeleteServer: 'declare',
  GetMetrics: 'scrape',
  GetLive: 'nothing',
  GetReady: 'nothing',
} as const satisfies Readonly<Record<string, Needs>>;

export type OperationName = keyof typeof OPERATIONS;

/** The same of the services that others have defined, by the paths of their methods. */
const FOREIGN: Readonly<Record<string, Needs>> = {
  '/grpc.health.v1.Health/Check': 'nothing',
  '/grpc.health.v1.Health/Watch': 'nothing',
  '/grpc.health.v1.Health/List': 'read',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': 'read',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': 'read',
};

const OWN = /^\/berth\.v1\.(?:Router|Admin)\/(\w+)$/;

/** What a gRPC method needs, by its path; undefined where that was forgotten. */
export function needsOf(path: string): Needs | undefined {
  const name = OWN.exec(path)?.[1];
  if (name === undefined) return Object.hasOwn(FOREIGN, path) ? FOREIGN[path] : undefined;
  return Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name as OperationName] : undefined;
}
