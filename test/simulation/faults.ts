import type { Instant } from '#core';
import type { Fault, Timers } from '#testing';
import type { PlannedModel } from './planned.js';
import type { Random } from './random.js';
import type { Site } from './site.js';
import type { Store } from './store.js';
import type { Trail } from './trail.js';
import type { Delays } from './wire.js';

interface Parts {
  readonly agenda: Timers;
  readonly random: Random;
  readonly trail: Trail;
  readonly sites: readonly Site[];
  readonly models: readonly PlannedModel[];
  readonly store: Store;
  readonly delays: Delays;
  readonly crashBerth: () => void;
}

type Misfortune = (site: Site, model: string) => void;
type Kind = readonly [name: string, misfortune: Misfortune, likelihood: number];

/** What the texts say decides whether trying again is worth it. */
const FAILURES = ['Internal: CUDA out of memory', 'Internal: ValueError: it will not'];

/** Makes things go wrong: each seed picks some kinds, and how often each comes. */
export class Faults {
  private readonly lost: { kind: 'load' | 'unload'; how: 'silence' | 'break' }[] = [];
  private isOver = false;

  constructor(private readonly parts: Parts) {}

  /** Begins the kinds this seed picks. */
  begin(end: Instant): void {
    for (const [name, misfortune, likelihood] of this.kinds()) {
      const { random, trail } = this.parts;
      const every = random.pick([15_000, 40_000, 90_000]);
      if (!random.chance(likelihood)) continue;
      trail.note(`fault ${name} about every ${every} ms`);
      this.keepStriking(name, misfortune, every, end);
    }
  }

  takeLostReply(kind: 'load' | 'unload'): 'silence' | 'break' | undefined {
    const at = this.isOver ? -1 : this.lost.findIndex((one) => one.kind === kind);
    return at < 0 ? undefined : this.lost.splice(at, 1)[0]!.how;
  }

  /** Nothing goes wrong any more; what is stuck stays so until its server is restarted, which happens now. */
  heal(): void {
    this.isOver = true;
    this.parts.store.isFailing = false;
    this.parts.delays.longest = 2;
    for (const site of this.parts.sites) {
      site.sim.inject({ kind: 'clear' });
      site.partitionedUntil = 0;
      if (site.needsRestart || site.sim.phase !== 'up') this.restart(site, 1_000);
    }
  }

  private keepStriking(name: string, misfortune: Misfortune, every: number, end: Instant): void {
    const { agenda, random, trail, sites, models } = this.parts;
    agenda.after(random.pause(every), () => {
      if (agenda.now() >= end) return;
      const site = random.pick(sites);
      const model = random.pickEarly(models).disk.name;
      trail.note(`fault ${name} at ${site.id} (${model})`);
      trail.mark(`fault ${name}`);
      misfortune(site, model);
      this.keepStriking(name, misfortune, every, end);
    });
  }

  /** Each kind with how likely a seed has it. */
  private kinds(): readonly Kind[] {
    const { random, delays, store } = this.parts;
    const slowNetwork = (): void =>
      this.slowly(
        () => (delays.longest = random.between(20, 400)),
        () => (delays.longest = 2),
      );
    const diskFull = (): void =>
      this.slowly(
        () => (store.isFailing = true),
        () => (store.isFailing = false),
      );
    return [
      ['kill', (site) => this.restart(site, random.pick([5, 500, 3_000, 15_000])), 0.35],
      ['terminate', (site) => this.terminate(site), 0.25],
      ['berthCrash', () => this.parts.crashBerth(), 0.35],
      ['loseReply', () => this.loseReply(), 0.35],
      ['stuckLoad', (site, model) => this.stick(site, { kind: 'stuckLoad', model }), 0.12],
      ['stuckUnload', (site, model) => this.stick(site, { kind: 'stuckUnload', model }), 0.12],
      ['deadModel', (site, model) => this.stick(site, { kind: 'deadModel', model }), 0.1],
      ['memoryBackLate', (site) => this.memoryBackLate(site), 0.15],
      ['connectionBreaks', (site) => site.breakConnections(), 0.25],
      ['partition', (site) => this.part(site), 0.2],
      ['slowNetwork', slowNetwork, 0.2],
      ['diskFull', diskFull, 0.15],
      ...this.switched(),
    ];
  }

  /** Those that the server has a switch for. */
  private switched(): readonly Kind[] {
    const { random } = this.parts;
    const ms = (least: number, most: number): number => random.between(least, most);
    const fails = (site: Site, model: string): void =>
      this.during(site, { kind: 'loadFails', model, text: random.pick(FAILURES) }, '');
    return [
      ['slowIndex', (site) => this.during(site, { kind: 'indexDelay', ms: ms(100, 8_000) }, 0), 0.25],
      ['slowHandler', (site) => this.during(site, { kind: 'commonHandlerDelay', ms: ms(50, 3_000) }, 0), 0.2],
      [
        'slowLoad',
        (site, model) => this.during(site, { kind: 'loadSlow', model, ms: ms(500, 40_000) }, 0),
        0.25,
      ],
      ['loadFails', fails, 0.35],
      ['metricsDown', (site) => this.during(site, { kind: 'metricsDown' }, false), 0.25],
    ];
  }

  private restart(site: Site, downFor: number): void {
    if (site.sim.phase === 'down') return;
    site.disturb();
    site.sim.kill();
    this.parts.agenda.after(downFor, () => site.sim.start());
  }

  /** Whoever supervises the server starts it again. */
  private terminate(site: Site): void {
    if (site.sim.phase !== 'up') return;
    const { agenda, random } = this.parts;
    const unwatch = site.watch((news) => {
      if (news !== 'down') return;
      unwatch();
      agenda.after(random.between(200, 5_000), () => site.sim.start());
    });
    site.sim.inject({ kind: 'terminate' });
  }

  private loseReply(): void {
    const { random } = this.parts;
    this.lost.push({ kind: random.pick(['load', 'unload']), how: random.pick(['silence', 'break']) });
  }

  /** Switches a fault on, and some time later off. */
  private during(site: Site, fault: Fault, off: 0 | '' | false): void {
    const ended = Object.fromEntries(
      Object.entries(fault).map(([key, value]) => [key, key === 'ms' || key === 'text' ? off : value]),
    ) as Fault;
    this.slowly(
      () => site.sim.inject(fault),
      () => site.sim.inject(fault.kind === 'metricsDown' ? { kind: 'metricsDown', on: false } : ended),
    );
  }

  private slowly(begin: () => unknown, end: () => unknown): void {
    const { agenda, random } = this.parts;
    begin();
    agenda.after(random.between(1_000, 30_000), () => void end());
  }

  /** The switch goes back soon; what got stuck meanwhile stays stuck. */
  private stick(
    site: Site,
    fault: Extract<Fault, { kind: 'stuckLoad' | 'stuckUnload' | 'deadModel' }>,
  ): void {
    site.needsRestart = true;
    site.sim.inject(fault);
    if (fault.kind === 'deadModel') return;
    this.parts.agenda.after(5_000, () => {
      site.needsRestart = true;
      site.sim.inject({ ...fault, on: false });
    });
  }

  private memoryBackLate(site: Site): void {
    const { random } = this.parts;
    const muddle = (): void => void (site.isMuddled = true);
    muddle();
    this.during(site, { kind: 'memoryBackLate', ms: random.between(200, 8_000) }, 0);
    site.watch((news) => news === 'up' && muddle());
  }

  private part(site: Site): void {
    const { agenda, random } = this.parts;
    site.partitionedUntil = agenda.now() + random.between(500, 20_000);
  }
}
