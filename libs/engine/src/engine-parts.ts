import type { Clock } from './ports/clock.js';
import type { Leadership } from './ports/leadership.js';
import type { Learned } from './ports/learned.js';
import type { Observer } from './ports/observer.js';

/** What an engine is made of. */
export interface EngineParts {
  readonly clock: Clock;
  /** Milliseconds since 1970. It may jump, so only what outlasts this process goes by it. */
  readonly wallNow: () => number;
  readonly learned: Learned;
  readonly leadership: Leadership;
  readonly observers: readonly Observer[];
}
