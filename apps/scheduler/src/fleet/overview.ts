import type { FleetMessage } from '#contracts';
import type { ToldFreeze } from '#engine';
import type { Scene } from '../models/model-view.js';
import { fleetView, type Identity } from './fleet-view.js';

/** The whole picture, as it is when asked for. */
export class Overview {
  constructor(
    private readonly identity: Identity,
    private readonly watched: { readonly scene: Scene },
  ) {}

  get(frozen: ToldFreeze | null): FleetMessage {
    return fleetView(this.identity, this.watched.scene, frozen);
  }
}
