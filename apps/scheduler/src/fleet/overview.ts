import type { FleetMessage } from '#contracts';
import type { Scene } from '../models/model-view.js';
import { fleetView, type Identity } from './fleet-view.js';

/** The whole picture, as it is when asked for. */
export class Overview {
  constructor(
    private readonly identity: Identity,
    private readonly watched: { readonly scene: Scene },
  ) {}

  get(): FleetMessage {
    return fleetView(this.identity, this.watched.scene);
  }
}
