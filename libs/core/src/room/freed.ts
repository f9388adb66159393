import type { Model } from '../fleet/model.js';
import type { Ready } from '../fleet/replica.js';
import type { Place } from './places.js';

/** A copy that could be moved, and where to. */
export interface Moving {
  readonly replica: Ready;
  readonly model: Model;
  readonly place: Place;
}

/**
 * Room will be free at `place`. Or it will be once a copy was moved, or once a fresh reading of use is in, which was
 * asked for. Or copies may leave once fewer loads are in line. Or none may go.
 */
export type Freed =
  | { readonly kind: 'freed'; readonly place: Place }
  | { readonly kind: 'moving'; readonly move: Moving }
  | { readonly kind: 'asking' }
  | { readonly kind: 'inLine' }
  | { readonly kind: 'nothing' };
