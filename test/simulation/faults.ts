import type { Fault } from '#testing';
import type { Doings, HappeningKind, HappeningOf } from './happenings.js';
import type { Site } from './site.js';
import type { Stage } from './stage.js';

type Broken = Exclude<HappeningKind, Gateways | Orders | Meddling>;
type Gateways = 'ask';
type Orders =
  'pin' | 'unpin' | 'orderLoad' | 'orderUnload' | 'drain' | 'undrain' | 'withdraw' | 'declare' | 'setLimits';
type Meddling = 'strangerLoad' | 'strangerUnload' | 'addServer' | 'removeServer' | 'refit';

type OfProcesses =
  'kill' | 'terminate' | 'berthCrash' | 'berthStop' | 'berthPauses' | 'wallClockSet' | 'diskFull';

/** Between the death of a server and its next start, at the end of the storm. */
const HEALED_WITHIN = 1_000;

/** Makes things go wrong, and heals them when the storm is over. */
export class Faults {
  constructor(private readonly stage: Stage) {}

  doings(): Pick<Doings, Broken> {
    return { ...this.ofProcesses(), ...this.ofModels(), ...this.switched(), ...this.ofTheNetwork() };
  }

  /**
   * Nothing goes wrong any more. What is stuck stays so until its server is restarted, which happens now, but where it was
   * to stay dead or stuck for ever.
   */
  heal(): void {
    this.stage.store.isFailing = false;
    this.stage.delays.longest = 2;
    for (const site of this.stage.sites.values()) {
      if (site.isGone) continue;
      if (site.stuck.size === 0) site.sim.inject({ kind: 'clear' });
      site.lostReplies.length = 0;
      site.partitionedUntil = 0;
      if (site.stuck.size > 0 && site.sim.phase === 'up') {
        for (const model of site.broken) this.staysStuck(site, model);
        continue;
      }
      if (site.broken.size > 0 || site.sim.phase !== 'up') this.restart(site, HEALED_WITHIN);
    }
  }

  private ofProcesses(): Pick<Doings, OfProcesses> {
    return {
      kill: ({ server, downFor }) => this.restart(this.site(server), downFor),
      terminate: ({ server, downFor }) => this.terminate(this.site(server), downFor),
      berthCrash: ({ downFor }) => this.stage.endBerth('crash', downFor),
      berthStop: ({ downFor }) => this.stage.endBerth('stop', downFor),
      berthPauses: ({ lasts }) => {
        const berth = this.stage.berth();
        if (!berth) return 'Berth is not there';
        berth.process.pause(lasts);
      },
      wallClockSet: ({ server, by }) => this.site(server).clock.setWallTime(by),
      diskFull: ({ lasts }) => {
        const { store } = this.stage;
        store.isFailing = true;
        this.later(lasts, () => (store.isFailing = false));
      },
    };
  }

  /** The switch goes back; what got stuck meanwhile stays stuck. */
  private ofModels(): Pick<Doings, 'stuckLoad' | 'stuckUnload' | 'deadModel'> {
    const stick = ({
      kind,
      server,
      model,
      lasts,
    }: HappeningOf<'stuckLoad'> | HappeningOf<'stuckUnload'>): void => {
      const site = this.site(server);
      site.sim.inject({ kind, model });
      if (lasts === null) return this.staysStuck(site, model);
      site.broken.add(model);
      this.later(lasts, () => {
        site.broken.add(model);
        site.sim.inject({ kind, model, on: false });
      });
    };
    return {
      stuckLoad: stick,
      stuckUnload: stick,
      deadModel: ({ server, model }) => {
        const site = this.site(server);
        site.broken.add(model);
        site.sim.inject({ kind: 'deadModel', model });
      },
    };
  }

  /** An ensemble and its steps come and go together. */
  private staysStuck(site: Site, model: string): void {
    site.stuck.add(model);
    for (const { disk } of this.stage.plan.models) {
      const family = [disk.name, ...(disk.steps ?? [])];
      if (disk.steps && family.includes(model)) for (const one of family) site.stuck.add(one);
    }
  }

  /** Those that the server has a switch for. */
  private switched(): Pick<
    Doings,
    'memoryBackLate' | 'slowIndex' | 'slowHandler' | 'slowLoad' | 'loadFails' | 'metricsDown'
  > {
    const { during } = this;
    return {
      memoryBackLate: (happening) => {
        this.site(happening.server).muddleAlways();
        during(happening, { kind: 'memoryBackLate', ms: happening.by }, { kind: 'memoryBackLate', ms: 0 });
      },
      slowIndex: (happening) =>
        during(happening, { kind: 'indexDelay', ms: happening.by }, { kind: 'indexDelay', ms: 0 }),
      slowHandler: (happening) =>
        during(
          happening,
          { kind: 'commonHandlerDelay', ms: happening.by },
          { kind: 'commonHandlerDelay', ms: 0 },
        ),
      slowLoad: (happening) => {
        const { model, by } = happening;
        during(happening, { kind: 'loadSlow', model, ms: by }, { kind: 'loadSlow', model, ms: 0 });
      },
      loadFails: (happening) => {
        const { model, text } = happening;
        during(happening, { kind: 'loadFails', model, text }, { kind: 'loadFails', model, text: '' });
      },
      metricsDown: (happening) =>
        during(happening, { kind: 'metricsDown' }, { kind: 'metricsDown', on: false }),
    };
  }

  private ofTheNetwork(): Pick<Doings, 'loseReply' | 'connectionBreaks' | 'partition' | 'slowNetwork'> {
    const { agenda, delays } = this.stage;
    return {
      loseReply: ({ server, to, how }) => void this.site(server).lostReplies.push({ to, how }),
      connectionBreaks: ({ server }) => this.site(server).breakConnections(),
      partition: ({ server, lasts }) => {
        const site = this.site(server);
        site.isGone ||= lasts === null;
        site.partitionedUntil = agenda.now() + (lasts ?? Infinity);
      },
      slowNetwork: ({ longest, lasts }) => {
        delays.longest = longest;
        this.later(lasts, () => (delays.longest = 2));
      },
    };
  }

  private site(id: string): Site {
    return this.stage.sites.get(id)!;
  }

  private restart(site: Site, downFor: number | null): string | void {
    site.isGone ||= downFor === null;
    if (site.sim.phase === 'down') return 'it is down';
    site.disturb();
    site.sim.kill();
    if (downFor !== null) this.stage.agenda.after(downFor, () => this.start(site));
  }

  /** Whoever supervises the server starts it again. */
  private terminate(site: Site, downFor: number | null): string | void {
    site.isGone ||= downFor === null;
    if (site.sim.phase !== 'up') return `it is ${site.sim.phase}`;
    const unwatch = site.watch((news) => {
      if (news !== 'down') return;
      unwatch();
      if (downFor !== null) this.stage.agenda.after(downFor, () => this.start(site));
    });
    site.sim.inject({ kind: 'terminate' });
  }

  private start(site: Site): void {
    if (!site.isGone) site.sim.start();
  }

  /** Switches a fault on, and some time later off. */
  private readonly during = (
    { server, lasts }: { readonly server: string; readonly lasts: number | null },
    begin: Fault,
    end: Fault,
  ): void => {
    this.site(server).sim.inject(begin);
    this.later(lasts, () => this.site(server).sim.inject(end));
  };

  private later(lasts: number | null, end: () => void): void {
    if (lasts !== null) this.stage.agenda.after(lasts, end);
  }
}
