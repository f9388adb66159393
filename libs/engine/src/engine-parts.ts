import type { Clock } from './ports/clock.js';
import type { Leadership } from './ports/leadership.js';
import type { Learned } from './ports/learned.js';
import type { Observer } from './ports/observer.js';

/** What an engine is made of. */
export interface EngineParts {
  readonly clock: Clock;
  readonly learned: Learned;
  readonly leadership: Leadership;
  readonly observers: readonly Observer[];
}
