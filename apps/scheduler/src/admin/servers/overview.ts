import { Inject, Injectable } from '@nestjs/common';
import type { FleetMessage } from '#contracts';
import type { ToldFreeze } from '#engine';
import { ModelList } from '../models/model-list.js';
import { Slices, type Steps } from '../../transport/lists/time-slicer.js';
import { fleetView, Identity } from './fleet-view.js';

/** The freeze as it holds now; null: there is none. */
export class Frozen {
  constructor(public told: ToldFreeze | null) {}
}

/** The whole picture, as it is when asked for. */
@Injectable()
export class Overview {
  constructor(
    @Inject(Frozen) private readonly frozen: Frozen,
    @Inject(Identity) private readonly identity: Identity,
    @Inject(ModelList) private readonly models: ModelList,
    @Inject(Slices) private readonly slices: Slices,
  ) {}

  /** It is made in slices. */
  read(gone: AbortSignal): Promise<FleetMessage> {
    return this.slices.run(this.with(this.frozen.told), gone);
  }

  /** The steps that make it, with this freeze in place of the present one. */
  with(freeze: ToldFreeze | null): Steps<FleetMessage> {
    return fleetView(this.identity, () => this.models.scene, freeze);
  }
}
