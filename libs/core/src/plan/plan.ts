import type { PinsFit } from '../room/fit-pins.js';
import type { Refusal } from '../fleet/actions.js';
import type { ModelId, ServerId, TenantId } from '../fleet/ids.js';
import type { Bytes, Instant, Millis, Model } from '../fleet/model.js';
import type { LoadCause, UnloadCause } from '../fleet/replica.js';
import type { Memory, ModelState, ServerState } from '../explain/view.js';
import type { Verdict } from '../explain/why-there.js';

/** What is supposed to be so. Everything else stays as it is. */
export interface Supposition {
  /** Models as they are declared, pins included. */
  readonly models: readonly Model[];
  /** Servers that are lost; what was in use there and is nowhere else is asked for again. */
  readonly lost: readonly ServerId[];
  readonly drained: readonly ServerId[];
  /** Models that are asked for, with one request each, which waits for as long as its model allows. */
  readonly asked: readonly ModelId[];
  /** The tenant of these requests. */
  readonly tenant: TenantId;
}

/** How long is planned for, and how much is told. */
export interface PlanBounds {
  readonly within: Millis;
  readonly turns: number;
  readonly items: number;
}

/** What would come of a supposition: worked out by the core itself, on a copy of the fleet. */
export interface Plan {
  /** Whether all came to rest, or the time or the turns that are planned for were over before. */
  readonly end: 'at_rest' | 'time' | 'turns';
  readonly turns: number;
  /** How much time is planned for until then. */
  readonly took: Millis;
  readonly orders: Cut<PlannedOrder>;
  readonly answers: Cut<PlannedAnswer>;
  readonly lacking: Cut<Lacking>;
  readonly models: Cut<ChangedModel>;
  readonly devices: readonly PlannedDevice[];
  /** Whether all pins together could be kept on the servers that stay. */
  readonly pins: PinsFit;
}

/** A list that may have been cut. */
export interface Cut<Item> {
  readonly items: readonly Item[];
  readonly leftOut: number;
}

/** A load or an unload that would be ordered. */
export type PlannedOrder =
  | {
      readonly kind: 'load';
      readonly at: Instant;
      readonly model: ModelId;
      readonly server: ServerId;
      readonly devices: readonly number[];
      /** What a copy books on each of its devices. */
      readonly bytes: Bytes;
      readonly cause: LoadCause;
      /** When it should be ready; null where it is not known to get so. */
      readonly readyAt: Instant | null;
    }
  | {
      readonly kind: 'unload';
      readonly at: Instant;
      readonly model: ModelId;
      readonly server: ServerId;
      readonly devices: readonly number[];
      readonly bytes: Bytes;
      readonly cause: UnloadCause;
      readonly makesRoomFor: ModelId | null;
    };

/** How a request would be answered. */
export interface PlannedAnswer {
  readonly model: ModelId;
  readonly at: Instant;
  readonly waited: Millis;
  /** Null: refused. */
  readonly server: ServerId | null;
  readonly refusal: Refusal | null;
}

/** A model of which more would be wanted in the end than there would be, and why there is not. */
export interface Lacking {
  readonly model: ModelId;
  readonly pinnedCopies: number;
  readonly readyCopies: number;
  /** Whether it lacks as much already, without what is supposed. */
  readonly before: boolean;
  readonly there: readonly {
    readonly server: ServerId;
    readonly state: ServerState;
    readonly verdict: Verdict;
    /** By how much the place that comes nearest is too small; null where there is none. */
    readonly short: Bytes | null;
  }[];
}

/** A model that would be otherwise in the end than it is now. */
export interface ChangedModel {
  readonly model: ModelId;
  readonly before: ModelStanding;
  readonly after: ModelStanding;
}

/** How a model stands. */
export interface ModelStanding {
  readonly state: ModelState;
  readonly readyCopies: number;
}

/** The memory of a device, now and in the end. */
export interface PlannedDevice {
  readonly server: ServerId;
  readonly ordinal: number;
  readonly kind: 'gpu' | 'cpu';
  readonly before: DeviceStanding;
  readonly after: DeviceStanding;
}

/** How a device stands, and its server with it. */
export interface DeviceStanding extends Memory {
  readonly server: ServerState;
}
