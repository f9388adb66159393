/** What holds for the service itself unless configured otherwise. */
export const DEFAULTS = {
  fleet: 'berth',
  listen: null,
  http: '127.0.0.1:7080',
  grpc: '127.0.0.1:7081',
  data: '.berth',
  limits: {
    globalQueue: 5000,
    loadsPerServer: 2,
    loadsPerDevice: 1,
    loadsPerDevicePerMinute: 20,
    starvationMs: 30_000,
    stuckAfterSeconds: 350,
    shedAtLagMs: 250,
  },
  connections: {
    http: 10_000,
    httpArrivalSeconds: 10,
    grpc: 5_000,
    grpcCalls: 10_000,
    grpcIdleSeconds: 300,
    grpcPingSeconds: 60,
  },
  residency: { policy: 'lru', loadAhead: false },
  staleRoutes: 'serve',
} as const;

/** What holds for a server unless declared otherwise. */
export const SERVER_DEFAULTS = {
  discover: true,
  strangers: 'keep',
  metricsIntervalMs: 2_000,
  headroomMb: 1024,
} as const;

/** What holds for servers found by DNS unless configured otherwise: Triton's own ports, and the time to drain. */
export const DISCOVERY_DEFAULTS = { http: 8000, metrics: 8002, leaveSeconds: 60 } as const;

/** What holds for Redis where it is used, unless configured otherwise. */
export const REDIS_DEFAULTS = { keyPrefix: 'berth', profile: 'default' } as const;

/** What holds for the recorder where one is wanted, unless configured otherwise. */
export const RECORDER_DEFAULTS = { dir: 'turns', maxFileMb: 64, files: 4 } as const;
