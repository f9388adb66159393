import type { FleetMessage } from '#contracts';
import type { ToldFreeze } from '#engine';
import type { Scene } from '../models/model-view.js';
import { atOnce, type Slices, type Steps } from '../slices.js';
import { fleetView, type Identity } from './fleet-view.js';

/** The whole picture, as it is when asked for. */
export class Overview {
  constructor(
    private readonly identity: Identity,
    private readonly watched: { readonly scene: Scene },
    private readonly slices: Slices,
  ) {}

  /** All of it at once: what a write answers. */
  get(frozen: ToldFreeze | null): FleetMessage {
    return atOnce(this.steps(frozen));
  }

  /** Made in slices. */
  read(frozen: ToldFreeze | null, gone: AbortSignal): Promise<FleetMessage> {
    return this.slices.run(this.steps(frozen), gone);
  }

  private steps(frozen: ToldFreeze | null): Steps<FleetMessage> {
    return fleetView(this.identity, () => this.watched.scene, frozen);
  }
}
