import { ROLES } from '#access';

/** The rights of each role, as docs/api.md says them. */
const ROUTE = ['gateway', 'operator', 'admin'];
const READ = ['viewer', 'operator', 'admin'];
const OPERATE = ['operator', 'admin'];
const DECLARE = ['admin'];
const SCALE = ['autoscaler', 'viewer', 'operator', 'admin'];
const HOOK = ['autoscaler', 'admin'];
const SCRAPE = ['admin', 'metrics'];

/** What a call presents: no credential, one that no caller has, one that has ended, or that of a role. */
export const PRESENTED = ['none', 'wrong', 'expired', ...ROLES] as const;

export type PresentedAs = (typeof PRESENTED)[number];

const ALL: readonly string[] = PRESENTED;

/** The callers that get through to each operation of `/openapi.json`, and to what it leaves out. */
export const OVER_HTTP: Readonly<Record<string, readonly string[]>> = {
  'GET /health/live': ALL,
  'GET /health/ready': ALL,
  'GET /metrics': SCRAPE,
  'GET /openapi.json': READ,
  'POST /v1/models/{model}/resolve': ROUTE,
  'GET /v1/routes': ROUTE,
  'GET /v1/routes/watch': ROUTE,
  'POST /v1/routes/usage': ROUTE,
  'GET /v1/models': READ,
  'GET /v1/models/{model}': READ,
  'GET /v1/models/{model}/explain': READ,
  'POST /v1/plan': READ,
  'GET /v1/servers': READ,
  'GET /v1/servers/{server}': READ,
  'GET /v1/fleet': READ,
  'GET /v1/webhooks/endpoints': READ,
  'GET /v1/webhooks/dead-letters': READ,
  'GET /v1/warmups': READ,
  'GET /v1/warmups/{id}': READ,
  'POST /v1/webhooks/endpoints/{endpoint}/test': OPERATE,
  'POST /v1/webhooks/dead-letters/{id}/replay': OPERATE,
  'DELETE /v1/webhooks/dead-letters/{id}': OPERATE,
  'PUT /v1/models/{model}/pin': OPERATE,
  'DELETE /v1/models/{model}/pin': OPERATE,
  'POST /v1/models/{model}/load': OPERATE,
  'POST /v1/models/{model}/unload': OPERATE,
  'POST /v1/models/{model}/reload': OPERATE,
  'POST /v1/warmups': OPERATE,
  'DELETE /v1/warmups/{id}': OPERATE,
  'POST /v1/servers/{server}/drain': OPERATE,
  'POST /v1/servers/{server}/undrain': OPERATE,
  'PUT /v1/fleet/frozen': OPERATE,
  'DELETE /v1/fleet/frozen': OPERATE,
  'PUT /v1/models/{model}': DECLARE,
  'PATCH /v1/models/{model}': DECLARE,
  'DELETE /v1/models/{model}': DECLARE,
  'POST /v1/models:batch': DECLARE,
  'PUT /v1/servers/{server}': DECLARE,
  'DELETE /v1/servers/{server}': DECLARE,
  'GET /v1/audit': DECLARE,
  'GET /v1/scaling': SCALE,
  'POST /v1/webhooks/fleet': HOOK,
  'POST /v1/webhooks/alertmanager': HOOK,
};

/** The same of each method of gRPC. */
export const OVER_GRPC: Readonly<Record<string, readonly string[]>> = {
  '/grpc.health.v1.Health/Check': ALL,
  '/grpc.health.v1.Health/Watch': ALL,
  '/grpc.health.v1.Health/List': READ,
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': READ,
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': READ,
  '/berth.v1.Router/Resolve': ROUTE,
  '/berth.v1.Router/WatchRoutes': ROUTE,
  '/berth.v1.Router/ReportUsage': ROUTE,
  '/berth.v1.Admin/ListModels': READ,
  '/berth.v1.Admin/GetModel': READ,
  '/berth.v1.Admin/ExplainModel': READ,
  '/berth.v1.Admin/Plan': READ,
  '/berth.v1.Admin/ListServers': READ,
  '/berth.v1.Admin/GetServer': READ,
  '/berth.v1.Admin/GetFleet': READ,
  '/berth.v1.Admin/GetScaling': SCALE,
  '/externalscaler.ExternalScaler/IsActive': SCALE,
  '/externalscaler.ExternalScaler/StreamIsActive': SCALE,
  '/externalscaler.ExternalScaler/GetMetricSpec': SCALE,
  '/externalscaler.ExternalScaler/GetMetrics': SCALE,
  '/berth.v1.Admin/ListWebhookEndpoints': READ,
  '/berth.v1.Admin/ListDeadLetters': READ,
  '/berth.v1.Admin/ListWarmups': READ,
  '/berth.v1.Admin/GetWarmup': READ,
  '/berth.v1.Admin/TestWebhookEndpoint': OPERATE,
  '/berth.v1.Admin/ReplayDeadLetter': OPERATE,
  '/berth.v1.Admin/DropDeadLetter': OPERATE,
  '/berth.v1.Admin/PinModel': OPERATE,
  '/berth.v1.Admin/UnpinModel': OPERATE,
  '/berth.v1.Admin/LoadModel': OPERATE,
  '/berth.v1.Admin/UnloadModel': OPERATE,
  '/berth.v1.Admin/ReloadModel': OPERATE,
  '/berth.v1.Admin/StartWarmup': OPERATE,
  '/berth.v1.Admin/CancelWarmup': OPERATE,
  '/berth.v1.Admin/DrainServer': OPERATE,
  '/berth.v1.Admin/UndrainServer': OPERATE,
  '/berth.v1.Admin/FreezeFleet': OPERATE,
  '/berth.v1.Admin/UnfreezeFleet': OPERATE,
  '/berth.v1.Admin/PutModel': DECLARE,
  '/berth.v1.Admin/PatchModel': DECLARE,
  '/berth.v1.Admin/DeleteModel': DECLARE,
  '/berth.v1.Admin/BatchModels': DECLARE,
  '/berth.v1.Admin/PutServer': DECLARE,
  '/berth.v1.Admin/DeleteServer': DECLARE,
  '/berth.v1.Admin/ListAudit': DECLARE,
};
