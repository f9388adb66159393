import { type Config, restartKeys } from '#config';
import { mayBringServers } from './demo-store.js';
import type { Lasting } from './reigns/lasting.js';
import { ConfigReload } from './reload.js';
import type { Term } from './terms/per-term.js';
import { TermConfig } from './terms/term-config.js';

/** Has Nest hand over the configuration of the start. */
export const CONFIG = Symbol('Config');

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
   * Takes up another configuration, in the present term, too. Returns the keys that only a restart takes up. Throws `NeedsStart`,
   * and takes up nothing, where there would be no `auth` or no `tls` any more, or servers beside the demo.
   */
  take(next: Config, term: Term | null): readonly string[] {
    const gone = (['auth', 'tls'] as const).filter((key) => this.present[key] !== null && next[key] === null);
    if (gone.length > 0)
      throw new NeedsStart(`${gone.join(' and ')} must not be taken away: only a start does that`);
    if (term?.get(TermConfig).demo && mayBringServers(next))
      throw new NeedsStart('the demo has a store of its own: only a start takes up what may bring servers');
    const { callers, pressure, signatures } = this.lasting;
    signatures.take(next.webhooks.fleet.secrets);
    pressure.setLag(next.limits.shedAtLagMs);
    const keys = restartKeys(this.started, next);
    const present = { ...next, ...startedKeys(this.started, keys) };
    term?.get(ConfigReload).take(present);
    callers.take(next.auth);
    this.present = present;
    return keys;
  }
}

const startedKeys = (started: Config, keys: readonly string[]): Partial<Config> =>
  Object.fromEntries(keys.map((key) => [key, started[key as keyof Config]]));
