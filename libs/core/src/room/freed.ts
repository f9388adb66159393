import type { Model } from '../fleet/model.js';
import type { Ready } from '../fleet/replica.js';
import type { Place } from './places.js';

/** A copy that could be moved, and where to. */
export interface Moving {
  readonly replica: Ready;
  readonly model: Model;
  readonly place: Place;
}
