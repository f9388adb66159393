import type { PressureLevel, Replica } from '#core';
import { familyOf, familiesOf } from './families.js';
import type { Doings, HappeningKind, HappeningOf, OrderKind } from './happenings.js';
import type { Site } from './site.js';
import { hasUnsentLoad, isIdleRunning, isPausedOverLease } from './rare/of-faults.js';
import type { Stage } from './stage.js';
import { WRITE_TAKES } from './store.js';
import { switches } from './switches.js';

type Broken = Exclude<HappeningKind, Gateways | OrderKind | Meddling>;
type Gateways = 'ask';
type Meddling =
  'strangerLoad' | 'strangerUnload' | 'addServer' | 'removeServer' | 'refit' | 'awaitServers' | Changed;
type Changed = 'changeServer' | 'wrongAddress';

type OfProcesses =
  | 'kill'
  | 'terminate'
  | 'berthCrash'
  | 'berthStop'
  | 'berthPauses'
  | 'wallClockSet'
  | 'crashAtWrite'
  | 'slowDisk'
  | 'diskFull'
  | 'pressure';

/** Between the death of a server and its next start, at the end of the storm. */
const HEALED_WITHIN = 1_000;

/** Makes things go wrong, and heals them when the storm is over. */
export class Faults {
  /** Whether Berth was told of a pressure, and not of its end. */
  private isPressed = false;

  constructor(private readonly stage: Stage) {}

  doings(): Pick<Doings, Broken> {
    return {
      ...this.ofProcesses(),
      ...this.ofModels(),
      ...this.ofMachines(),
      ...switches(this.stage),
      ...this.ofTheNetwork(),
    };
  }

  /**
   * Nothing goes wrong any more. What is stuck stays so until its server is restarted, which happens now, but where it was
   * to stay dead or stuck for ever.
   */
  heal(): void {
    const { store } = this.stage;
    store.isFailing = false;
    store.takes = WRITE_TAKES;
    this.stage.delays.longest = 2;
    if (this.isPressed) this.press('none');
    for (const site of this.stage.sites.values()) if (!site.isGone) this.mend(site);
  }

  private mend(site: Site): void {
    const staysUp = site.stuck.size > 0 && site.sim.phase === 'up' && !site.isInWrongMode;
    site.lostReplies.length = 0;
    site.partition.until = 0;
    site.sim.inject({ kind: 'clear' });
    if (staysUp) {
      for (const fault of site.stuckForEver) site.sim.inject(fault);
      for (const model of site.broken) this.staysStuck(site, 'stuckLoad', model);
      return;
    }
    const isAwry = site.broken.size > 0 || site.isInWrongMode || site.sim.phase !== 'up';
    site.isInWrongMode = false;
    if (isAwry) this.restart(site, HEALED_WITHIN);
  }

  private press(level: PressureLevel): string | void {
    const berth = this.stage.berth();
    if (!berth) return 'Berth is not there';
    this.isPressed = level !== 'none';
    berth.process.receive(() => berth.engine.tell({ kind: 'PressureChanged', level }));
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
        if (isPausedOverLease(berth.engine.fleet, this.stage.agenda.now(), lasts))
          this.stage.trail.mark('process paused longer than a lease');
        berth.process.pause(lasts);
      },
      wallClockSet: ({ server, by }) => {
        this.site(server).clock.setWallTime(by);
        const fleet = this.stage.berth()?.engine.fleet;
        if (by < 0 && fleet && isIdleRunning(fleet, server, this.stage.agenda.now()))
          this.stage.trail.mark('wall clock jumped back while idle ran');
      },
      crashAtWrite: ({ write, when, downFor }) => {
        const isWritten = write === 'learned' && when === 'after';
        this.stage.store.crashAt({ write, when, crash: () => this.crashAtWrite(isWritten, downFor) });
      },
      slowDisk: ({ by, lasts }) => {
        const { store } = this.stage;
        store.takes = by;
        this.later(lasts, () => (store.takes = WRITE_TAKES));
      },
      diskFull: ({ lasts }) => {
        const { store } = this.stage;
        store.isFailing = true;
        this.later(lasts, () => (store.isFailing = false));
      },
      pressure: ({ level }) => this.press(level),
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
      if (lasts === null) {
        site.stuckForEver.push({ kind, model });
        return this.staysStuck(site, kind, model);
      }
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

  private ofMachines(): Pick<Doings, 'wrongMode'> {
    return {
      wrongMode: ({ server, downFor, lasts }) => {
        const site = this.site(server);
        if (site.sim.phase !== 'up') return `it is ${site.sim.phase}`;
        this.setMode(site, 'none');
        this.later(downFor + lasts, () => {
          if (!site.isInWrongMode || site.sim.phase !== 'up') return;
          this.setMode(site, 'explicit');
          this.restart(site, downFor);
        });
        this.restart(site, downFor);
      },
    };
  }

  private setMode(site: Site, mode: 'none' | 'explicit'): void {
    site.isInWrongMode = mode === 'none';
    site.sim.inject({ kind: 'wrongMode', mode });
  }

  /** Where a load stays stuck, what is tied to it waits behind its lock; where an unload does, only its family waits. */
  private staysStuck(site: Site, kind: 'stuckLoad' | 'stuckUnload', model: string): void {
    const { models } = this.stage.plan;
    const names = kind === 'stuckLoad' ? familiesOf(models, model) : familyOf(models, model);
    for (const one of names) site.stuck.add(one);
  }

  private ofTheNetwork(): Pick<Doings, 'loseReply' | 'connectionBreaks' | 'partition' | 'slowNetwork'> {
    const { agenda, delays } = this.stage;
    return {
      loseReply: ({ server, to, how }) => void this.site(server).lostReplies.push({ to, how }),
      connectionBreaks: ({ server }) => this.site(server).breakConnections(),
      partition: ({ server, lasts }) => {
        const site = this.site(server);
        site.isGone ||= lasts === null;
        site.partition.begin(agenda.now(), lasts);
      },
      slowNetwork: ({ longest, lasts }) => {
        delays.longest = longest;
        this.later(lasts, () => (delays.longest = 2));
      },
    };
  }

  /** `isWritten`: what was ordered is on the disk. */
  private crashAtWrite(isWritten: boolean, downFor: number): void {
    const { berth, sites, trail } = this.stage;
    const isOpen = ({ model, server }: Replica): boolean =>
      [...sites.get(server)!.open].some((order) => order.kind === 'load' && order.model === model);
    const fleet = berth()?.engine.fleet;
    if (isWritten && fleet && hasUnsentLoad(fleet, isOpen)) trail.mark('crash between write and order');
    this.stage.endBerth('crash', downFor);
  }

  private site(id: string): Site {
    return this.stage.sites.get(id)!;
  }

  private restart(site: Site, downFor: number | null): string | void {
    site.isGone ||= downFor === null;
    if (site.sim.phase === 'down') return 'it is down';
    site.disturb();
    site.isHeldDown = true;
    site.sim.kill();
    if (downFor !== null) this.stage.agenda.after(downFor, () => this.start(site));
  }

  /** The supervisor of the server starts it again. */
  private terminate(site: Site, downFor: number | null): string | void {
    site.isGone ||= downFor === null;
    if (site.sim.phase !== 'up') return `it is ${site.sim.phase}`;
    const unwatch = site.watch((news) => {
      if (news !== 'down') return;
      unwatch();
      if (downFor !== null) this.stage.agenda.after(downFor, () => this.start(site));
    });
    site.isHeldDown = true;
    site.sim.inject({ kind: 'terminate' });
  }

  private start(site: Site): void {
    if (!site.isGone) site.sim.start();
  }

  private later(lasts: number | null, end: () => void): void {
    if (lasts !== null) this.stage.agenda.after(lasts, end);
  }
}
