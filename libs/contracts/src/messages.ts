/** A resolve call as it comes over gRPC. */
export interface ResolveRequestMessage {
  readonly model: string;
  readonly version?: string;
  readonly waitMs?: number;
  readonly leaseMs?: number;
  readonly class?: string;
  readonly affinityKey?: string;
  readonly avoid?: readonly string[];
  readonly requestId?: string;
}

/** Where a model lives, as it is told. */
export interface RouteMessage {
  readonly model: string;
  readonly version: string;
  readonly server: RouteServerMessage;
  readonly devices: readonly number[];
  readonly routeVersion: { readonly term: string; readonly sequence: string };
  readonly leaseMs: number;
  readonly cold: boolean;
  readonly waitedMs: number;
  readonly stale: boolean;
}

export interface RouteServerMessage {
  readonly id: string;
  readonly grpc: string;
  readonly http: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** A model as it is told. `spec` and `effective` are free JSON; over gRPC they are Structs. */
export interface ModelMessage {
  readonly name: string;
  readonly source: 'file' | 'api' | 'discovered';
  readonly revision: string;
  readonly enabled: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly effective: Readonly<Record<string, unknown>>;
  readonly pin: PinMessage | null;
  readonly state: string;
  readonly copies: readonly CopyMessage[];
  readonly waiting: number;
  readonly lastFailure: { readonly at: string; readonly cause: string } | null;
  readonly nextTryAt: string | null;
  readonly lastUnload: LastUnloadMessage | null;
}

export interface PinMessage {
  readonly copies: number;
  readonly until: string | null;
  readonly schedule: null;
}

export interface CopyMessage {
  readonly server: string;
  readonly device: number | null;
  readonly phase: string;
  readonly since: string;
  readonly memoryMb: { readonly reserved: number; readonly measured: number | null };
  readonly flags: readonly string[];
  readonly lastUsedAt: string | null;
  readonly inUseUntil: string | null;
  readonly idleUnloadAt: string | null;
}

export interface LastUnloadMessage {
  readonly at: string;
  readonly reason: string;
  readonly for: string | null;
}

/** A server as it is told. */
export interface ServerMessage {
  readonly id: string;
  readonly source: 'file' | 'api';
  readonly grpc: string;
  readonly http: string | null;
  readonly host: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: string;
  readonly incarnation: number;
  readonly version: string | null;
  readonly observedAt: string | null;
  readonly flags: readonly string[];
  readonly devices: readonly DeviceMessage[];
  readonly revision: string;
}

export interface DeviceMessage {
  readonly ordinal: number;
  readonly uuid: string | null;
  readonly kind: 'gpu' | 'cpu';
  readonly capacityMb: number;
  readonly heldMb: number;
  readonly promisedMb: number;
  readonly freeMb: number;
  readonly foreignMb: number | null;
  readonly measuredMb: number | null;
  readonly flags: readonly string[];
}

/** The whole picture as it is told. */
export interface FleetMessage {
  readonly fleet: string;
  readonly leader: { readonly id: string; readonly term: string };
  readonly frozen: null;
  readonly devices: readonly (DeviceMessage & { readonly server: string })[];
  readonly replicas: Readonly<Record<string, number>>;
  readonly waiting: number;
  readonly loadsInFlight: number;
}

/** One page of a list. */
export interface PageMessage<Item> {
  readonly items: readonly Item[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}
