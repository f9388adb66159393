import type { Right } from '#access';
import { ADMIN, ROUTER } from '#contracts';

/** What a call needs; `nothing`: not even a credential. */
export type Needs = Right | 'nothing';

/** Each operation of ours and what it needs, over HTTP and over gRPC alike. On gRPC a method has the name of its operation. */
export const OPERATIONS = {
  Resolve: 'route',
  ListRoutes: 'route',
  WatchRoutes: 'route',
  ReportUsage: 'route',
  ListModels: 'read',
  GetModel: 'read',
  ExplainModel: 'read',
  Plan: 'read',
  ListServers: 'read',
  GetServer: 'read',
  GetFleet: 'read',
  GetOpenApi: 'read',
  ListWebhookEndpoints: 'read',
  ListDeadLetters: 'read',
  ListWarmups: 'read',
  GetWarmup: 'read',
  PinModel: 'operate',
  UnpinModel: 'operate',
  LoadModel: 'operate',
  /** With `force` it needs `declare` as well. */
  UnloadModel: 'operate',
  ReloadModel: 'operate',
  StartWarmup: 'operate',
  CancelWarmup: 'operate',
  DrainServer: 'operate',
  UndrainServer: 'operate',
  FreezeFleet: 'operate',
  UnfreezeFleet: 'operate',
  TestWebhookEndpoint: 'operate',
  ReplayDeadLetter: 'operate',
  DropDeadLetter: 'operate',
  PutModel: 'declare',
  PatchModel: 'declare',
  DeleteModel: 'declare',
  BatchModels: 'declare',
  PutServer: 'declare',
  DeleteServer: 'declare',
  ListAudit: 'declare',
  GetScaling: 'scale',
  FleetWebhook: 'hook',
  AlertmanagerWebhook: 'hook',
  GetMetrics: 'scrape',
  GetLive: 'nothing',
  GetReady: 'nothing',
} as const satisfies Readonly<Record<string, Needs>>;

export type OperationName = keyof typeof OPERATIONS;

/** What every peer answers by itself, whether it leads or not: all of it, or what is warm. */
const OWN: ReadonlySet<OperationName> = new Set([
  ...(['Resolve', 'ListRoutes', 'WatchRoutes', 'ReportUsage'] as const),
  ...(['GetOpenApi', 'GetMetrics', 'GetLive', 'GetReady'] as const),
]);

/** Whether every peer answers an operation by itself. */
export const isOwn = (name: OperationName): boolean => OWN.has(name);

/** The same by the path of a gRPC method. Those of Router hand on what they cannot answer themselves. */
export const isOwnPath = (path: string): boolean => path.startsWith(`/${ROUTER}/`);

/** Whether a gRPC method changes nothing, by its path. */
export const isReading = (path: string): boolean => /\/(Get|List|Explain|Plan)/.test(path);

/** The same of the services that others have defined, by the paths of their methods. */
const FOREIGN: Readonly<Record<string, Needs>> = {
  '/envoy.service.ext_proc.v3.ExternalProcessor/Process': 'route',
  '/grpc.health.v1.Health/Check': 'nothing',
  '/grpc.health.v1.Health/Watch': 'nothing',
  '/grpc.health.v1.Health/List': 'read',
  '/externalscaler.ExternalScaler/IsActive': 'scale',
  '/externalscaler.ExternalScaler/StreamIsActive': 'scale',
  '/externalscaler.ExternalScaler/GetMetricSpec': 'scale',
  '/externalscaler.ExternalScaler/GetMetrics': 'scale',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': 'read',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': 'read',
};

/** What each gRPC method needs, by its path. */
const BY_PATH: ReadonlyMap<string, Needs> = new Map([
  ...Object.entries(FOREIGN),
  ...Object.entries(OPERATIONS).map(([name, needs]) => [`/${serviceOf(name)}/${name}`, needs] as const),
]);

function serviceOf(operation: string): string {
  return ['Resolve', 'WatchRoutes', 'ReportUsage'].includes(operation) ? ROUTER : ADMIN;
}

/** What a gRPC method needs, by its path; undefined where that was forgotten. */
export const needsOf = (path: string): Needs | undefined => BY_PATH.get(path);
