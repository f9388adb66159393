import { Inject, Injectable } from '@nestjs/common';
import { type Config, restartKeys } from '#config';
import { KnownCallers } from '../transport/access/known-callers.js';
import { Signatures } from '../transport/access/webhook-signatures.js';
import { PressureMonitor } from '../transport/limits/pressure-monitor.js';
import { mayBringServers } from './demo-store.js';
import { ConfigReload } from './term/config-reload.js';
import type { Term } from '../cluster/leadership/per-term.js';
import { TermConfig } from '../cluster/leadership/term-config.js';

/** Has Nest hand over the configuration of the start. */
export const CONFIG = Symbol('Config');

/** Only a start takes up such a configuration. Keys may be missing because the file was not whole. */
export class NeedsStart extends Error {}

/** The configuration as it holds now: that of the start, with what was taken up since. */
@Injectable()
export class PresentConfig {
  private present: Config;

  constructor(
    @Inject(CONFIG) private readonly started: Config,
    @Inject(KnownCallers) private readonly callers: KnownCallers,
    @Inject(PressureMonitor) private readonly pressure: PressureMonitor,
    @Inject(Signatures) private readonly signatures: Signatures,
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
    this.signatures.take(next.webhooks.fleet.secrets);
    this.pressure.setLag(next.limits.shedAtLagMs);
    const keys = restartKeys(this.started, next);
    const present = { ...next, ...startedKeys(this.started, keys) };
    term?.get(ConfigReload).take(present);
    this.callers.take(next.auth);
    this.present = present;
    return keys;
  }
}

const startedKeys = (started: Config, keys: readonly string[]): Partial<Config> =>
  Object.fromEntries(keys.map((key) => [key, started[key as keyof Config]]));
