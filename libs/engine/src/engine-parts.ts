import type { Clock } from './ports/clock.js';
import type { Leadership } from './ports/leadership.js';
import type { Learned, StoreHealth } from './ports/learned.js';
import type { Observer } from './ports/observer.js';

/** What an engine is made of. */
export interface EngineParts {
  readonly clock: Clock;
  /** Milliseconds since 1970. It may jump, so only what outlasts this process goes by it. */
  readonly wallNow: () => number;
  readonly learned: Learned;
  /** Of the store that keeps it: while it fails no load is sent. */
  readonly store: StoreHealth;
  readonly leadership: Leadership;
  readonly observers: readonly Observer[];
}
