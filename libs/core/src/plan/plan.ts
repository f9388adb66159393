import type { PinsFit } from '../room/fit-pins.js';
import type { Refusal } from '../fleet/actions.js';
import type { ModelId, ServerId, TenantId } from '../fleet/ids.js';
import type { Bytes, Instant, Millis, Model } from '../fleet/model.js';
import type { LoadCause, UnloadCause } from '../fleet/replica.js';
import type { Memory, ModelState, ServerState } from '../explain/view.js';
import type { Verdict } from '../explain/why-there.js';

/** What is supposed. Everything else stays as it is. */
export interface Supposition {
  /** Models as they would be declared, pins included. */
  readonly models: readonly Model[];
  /** Servers that would be lost; models in use there that are warm nowhere else are asked for again. */
  readonly lost: readonly ServerId[];
  readonly drained: readonly ServerId[];
  /** Models asked for by one request each, which waits for as long as its model allows. */
  readonly asked: readonly ModelId[];
  readonly tenant: TenantId;
}

/** The time and the turns that are planned for, and the most items of a list. */
export interface PlanBounds {
  readonly within: Millis;
  readonly turns: number;
  readonly items: number;
}

/** What would come of a supposition: turns of the core on a copy of the fleet. */
export interface Plan {
  /** Why the plan ends: all came to rest, or a bound was reached. */
  readonly end: 'at_rest' | 'time' | 'turns';
  readonly turns: number;
  /** The time that passes until then. */
  readonly took: Millis;
  readonly orders: Cut<PlannedOrder>;
  readonly answers: Cut<PlannedAnswer>;
  readonly lacking: Cut<Lacking>;
  readonly models: Cut<ChangedModel>;
  readonly devices: readonly PlannedDevice[];
  /** Whether every pin has a place on the servers that stay, beside the pinned copies where they are. */
  readonly pins: PinsFit;
}

/** A list that may have been cut. */
interface Cut<Item> {
  readonly items: readonly Item[];
  readonly leftOut: number;
}

/** A load or an unload that would be ordered. */
export type PlannedOrder = Ordered &
  (
    | {
        readonly kind: 'load';
        readonly cause: LoadCause;
        /** When it should be ready; null where that is not known. */
        readonly readyAt: Instant | null;
      }
    | { readonly kind: 'unload'; readonly cause: UnloadCause; readonly makesRoomFor: ModelId | null }
  );

interface Ordered {
  readonly at: Instant;
  readonly model: ModelId;
  readonly server: ServerId;
  readonly devices: readonly number[];
  /** What a copy books on each of its devices. */
  readonly bytes: Bytes;
}

/** How a request would be answered. */
export interface PlannedAnswer {
  readonly model: ModelId;
  readonly at: Instant;
  readonly waited: Millis;
  /** Null: refused. */
  readonly server: ServerId | null;
  readonly refusal: Refusal | null;
}

/** A model that would lack copies in the end, and why. */
export interface Lacking {
  readonly model: ModelId;
  readonly pinnedCopies: number;
  readonly readyCopies: number;
  /** Whether it lacks copies now, too. */
  readonly before: boolean;
  readonly there: readonly {
    readonly server: ServerId;
    readonly state: ServerState;
    readonly verdict: Verdict;
    /** How much memory the best place is short of; null where there is no place. */
    readonly short: Bytes | null;
  }[];
}

/** A model that would be in another state in the end, or have more or fewer ready copies. */
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
