import { Inject, Injectable } from '@nestjs/common';
import type { FleetMessage } from '#contracts';
import type { ToldFreeze } from '#engine';
import type { Composition } from '../compose.js';
import { Running } from '../running.js';
import type { Steps } from '../slices.js';
import { fleetView } from './fleet-view.js';

/** The whole picture, as it is when asked for, made in slices. */
@Injectable()
export class Overview {
  constructor(@Inject(Running) private readonly running: Running) {}

  read(gone: AbortSignal): Promise<FleetMessage> {
    const { certain: now } = this.running;
    return now.slices.run(overviewOf(now, now.freeze.told), gone);
  }
}

/** The same, with this freeze in place of the present one. */
export const overviewOf = (
  { identity, models }: Composition,
  frozen: ToldFreeze | null,
): Steps<FleetMessage> => fleetView(identity, () => models.scene, frozen);
