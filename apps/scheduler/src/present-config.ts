import { type Config, restartKeys } from '#config';
import { mayBringServers } from './demo-store.js';
import type { Reign } from './reigns/reign.js';
import type { Lasting } from './reigns/lasting.js';
import { reload } from './reload.js';

/** Only a start takes up such a configuration. Keys may be missing because the file was not whole. */
export class NeedsStart extends Error {}

/** The configuration as it holds now: that of the start, with what was taken up since. */
export class PresentConfig {
  private present: Config;

  constructor(
    private readonly started: Config,
    private readonly lasting: Lasting,
  ) {
    this.present = started;
  }

  get now(): Config {
    return this.present;
  }

  /**
   * Takes up another configuration, in the present reign, too. Returns the keys that only a restart takes up. Throws `NeedsStart`,
   * and takes up nothing, where there would be no `auth` or no `tls` any more, or servers beside the demo.
   */
  take(next: Config, reign: Reign | null): readonly string[] {
    const gone = (['auth', 'tls'] as const).filter((key) => this.present[key] !== null && next[key] === null);
    if (gone.length > 0)
      throw new NeedsStart(`${gone.join(' and ')} must not be taken away: only a start does that`);
    if (reign?.demo && mayBringServers(next))
      throw new NeedsStart('the demo has a store of its own: only a start takes up what may bring servers');
    const { callers, pressure, signatures } = this.lasting;
    signatures.take(next.webhooks.fleet.secrets);
    pressure.setLag(next.limits.shedAtLagMs);
    if (reign !== null) reload(next, reign.demo, reign.made);
    const keys = restartKeys(this.started, next);
    callers.take(next.auth);
    this.present = { ...next, ...startedKeys(this.started, keys) };
    if (reign !== null) reign.config = this.present;
    return keys;
  }
}

const startedKeys = (started: Config, keys: readonly string[]): Partial<Config> =>
  Object.fromEntries(keys.map((key) => [key, started[key as keyof Config]]));
