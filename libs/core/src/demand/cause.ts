import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Model } from '../fleet/model.js';
import type { LoadCause } from '../fleet/replica.js';
import { guaranteedCopies } from '../memory/pins.js';
import type { Asking } from './asking.js';
import type { Claim } from './claims.js';
import { PINNED, rankOf } from './rank.js';

/**
 * Why a copy is loaded for a claim on a model: of several causes the one that puts the claim first among the wants.
 * The cause `asked` goes by the requests that waited when `wantsOf` was last called.
 */
export function causeOf(
  fleet: Readonly<Fleet>,
  model: Model,
  { copies, after, rank, isExtra }: Claim,
  { leaving, failing }: Asking,
): LoadCause {
  if (isExtra) return 'demand';
  if (rank === PINNED) return 'pinned';
  if (after === 0 && leaving.has(model.id)) return 'drain';
  if (copies <= guaranteedCopies(model) && rank === rankOf(model.class)) return 'kept_warm';
  return causeOfAsk(fleet, model.id, failing);
}

function causeOfAsk(fleet: Readonly<Fleet>, id: ModelId, failing: Asking['failing']): LoadCause {
  if (fleet.wishes.get(id)?.admin) return 'order';
  if (fleet.awaitedSince.has(id)) return 'asked';
  return failing.has(id) ? 'replaced' : 'wished';
}
