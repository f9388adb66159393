import { Inject, Injectable } from '@nestjs/common';
import type { FleetMessage } from '#contracts';
import type { DeclaredFreeze } from '#engine';
import { RouteFeed } from '../../cluster/replication/route-feed.js';
import { ModelList } from '../models/model-list.js';
import { TimeSlicer, type Steps } from '../../transport/lists/time-slicer.js';
import { fleetView, Identity } from './fleet-view.js';

/** The freeze as it holds now; null: there is none. */
export class Frozen {
  constructor(public told: DeclaredFreeze | null) {}
}

/** The whole picture, as it is when asked for. */
@Injectable()
export class Overview {
  constructor(
    @Inject(Frozen) private readonly frozen: Frozen,
    @Inject(Identity) private readonly identity: Identity,
    @Inject(ModelList) private readonly models: ModelList,
    @Inject(TimeSlicer) private readonly slicer: TimeSlicer,
    @Inject(RouteFeed) private readonly routeFeed: RouteFeed,
  ) {}

  /** It is made in slices. */
  read(signal: AbortSignal): Promise<FleetMessage> {
    return this.slicer.run(this.with(this.frozen.told), signal);
  }

  /** The steps that make it, with this freeze in place of the present one. */
  with(freeze: DeclaredFreeze | null): Steps<FleetMessage> {
    const awaited = () => this.routeFeed.awaited();
    return fleetView(this.identity, () => this.models.scene, freeze, awaited);
  }
}
