import type { ServerId } from '#core';
import type { TurnScene } from '../../checkers/scene.js';
import type { RouteRecord } from '../route-record.js';
import type { Site } from '../site.js';
import type { Trail } from '../trail.js';

export { withdrawn } from '../../checkers/scene.js';

/** A turn with what is true besides: what only the world knows. */
export interface Scene extends TurnScene {
  readonly routes: RouteRecord;
  readonly sites: ReadonlyMap<string, Site>;
  readonly trail: Trail;
  /** Which life of Berth takes the turn: a later one finds models whose leases and devices it cannot know. */
  readonly life: number;
}

/** A promise that holds after every turn. */
export type Check = (scene: Scene) => void;

export const siteOf = ({ sites }: Scene, id: ServerId): Site => sites.get(id)!;
