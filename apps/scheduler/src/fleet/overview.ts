import { Inject, Injectable } from '@nestjs/common';
import type { FleetMessage } from '#contracts';
import type { ToldFreeze } from '#engine';
import { PerTerm } from '../per-term.js';
import type { Steps, Slices } from '../slices.js';
import { fleetView, type Identity } from './fleet-view.js';
import type { ModelList } from '../models/model-list.js';

/** What the picture is made of. */
export interface PicturePorts {
  readonly freeze: { readonly told: ToldFreeze | null };
  readonly identity: Identity;
  readonly models: ModelList;
  readonly slices: Slices;
}

/** The whole picture, as it is when asked for, made in slices. */
@Injectable()
export class Overview {
  constructor(@Inject(PerTerm) private readonly term: PerTerm<PicturePorts>) {}

  read(gone: AbortSignal): Promise<FleetMessage> {
    const { certain: now } = this.term;
    return now.slices.run(overviewOf(now, now.freeze.told), gone);
  }
}

/** The same, with this freeze in place of the present one. */
export const overviewOf = (
  { identity, models }: Pick<PicturePorts, 'identity' | 'models'>,
  frozen: ToldFreeze | null,
): Steps<FleetMessage> => fleetView(identity, () => models.scene, frozen);
