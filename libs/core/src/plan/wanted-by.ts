import type { Fleet } from '../fleet/fleet.js';
import { dependenciesOf } from '../memory/footprint.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { waitingFor } from '../loading/eta.js';
import { leavingDraining } from '../demand/asking.js';
import type { WantedBy } from './plan.js';

/** Why a model is loaded: for a move, a pin, a server that is drained, a request, another model, or one more copy. */
export function wantedBy(fleet: Readonly<Fleet>, id: ModelId, now: Instant): WantedBy {
  const model = fleet.models.get(id);
  if ([...fleet.moves.values()].some((move) => move.model === id)) return 'move';
  if (model?.enabled && model.pinnedCopies > 0) return 'pin';
  if (leavingDraining(fleet, now).includes(id)) return 'drain';
  if (waitingFor(fleet, id) > 0) return 'request';
  if (fleet.wishes.has(id)) return 'wish';
  return [...fleet.composed].some((one) => fleet.holders.has(one) && dependenciesOf(fleet, one).includes(id))
    ? 'dependency'
    : 'copies';
}
