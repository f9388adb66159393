import { type Event, fitPins, type Instant, type Model, type ModelId, type ServerId } from '#core';
import type { Timers } from '#testing';
import type { Berth } from './berth.js';
import type { PlannedModel } from './planned.js';
import type { Random } from './random.js';
import type { Site } from './site.js';
import type { Told } from './told.js';
import type { Trail } from './trail.js';

interface Parts {
  readonly agenda: Timers;
  readonly random: Random;
  readonly trail: Trail;
  readonly sites: ReadonlyMap<string, Site>;
  readonly models: readonly PlannedModel[];
  readonly told: Told;
  readonly berth: () => Berth | undefined;
}

/** Somebody with an admin key: pins, orders, drains and changes declarations, within what Berth's API accepts. */
export class Operator {
  constructor(private readonly parts: Parts) {}

  keepWorking(every: number, end: Instant): void {
    if (every === Infinity) return;
    const { agenda, random } = this.parts;
    agenda.after(random.pause(every), () => {
      if (agenda.now() >= end) return;
      this.doSomething();
      this.keepWorking(every, end);
    });
  }

  /** Ends what would keep a fleet from coming to rest. */
  finish(): void {
    for (const server of [...this.parts.told.drains.keys()]) this.undrain(server);
  }

  private doSomething(): void {
    if (!this.parts.berth()) return;
    const { random, models, sites } = this.parts;
    const planned = random.pickEarly(models);
    const server = random.pick([...sites.keys()]) as ServerId;
    const doings = [
      () => this.pin(planned),
      () => this.unpin(planned.model.id),
      () => this.orderLoad(planned.model.id),
      () => this.orderUnload(planned.model.id),
      () => this.drain(server),
      () => this.undrain(server),
      () => this.withdraw(planned),
      () => this.declare(planned),
    ];
    random.pick(doings)();
  }

  /** An ensemble only once it is known what it is made of: before, nobody can say whether it fits. */
  private pin({ model: { id }, disk }: PlannedModel): void {
    const { told, random } = this.parts;
    const before = told.models.get(id);
    const isKnown = disk.steps === undefined || this.parts.berth()!.engine.fleet.steps.has(id);
    if (!before?.enabled || !isKnown) return;
    const after = { ...before, pinnedCopies: random.chance(0.8) ? 1 : 2 };
    const others = [...told.models.values()].filter((model) => model.id !== id);
    const pinned = others.filter(({ pinnedCopies }) => pinnedCopies > 0);
    if (fitPins(this.parts.berth()!.engine.fleet, [...pinned, after]).fits) this.redeclare(after);
  }

  private unpin(id: ModelId): void {
    const before = this.parts.told.models.get(id);
    if (before && before.pinnedCopies > 0) this.redeclare({ ...before, pinnedCopies: 0 });
  }

  private orderLoad(model: ModelId): void {
    const { agenda } = this.parts;
    this.tell({ kind: 'LoadOrdered', model, until: agenda.now() + 60_000 });
  }

  private orderUnload(model: ModelId): void {
    const { told, random, sites } = this.parts;
    if ((told.models.get(model)?.pinnedCopies ?? 0) > 0 || this.isNeeded(model)) return;
    const force = random.chance(0.5);
    if (force) for (const site of sites.values()) site.disturb();
    this.tell({ kind: 'UnloadOrdered', model, force });
  }

  private isNeeded(model: ModelId): boolean {
    const { fleet } = this.parts.berth()!.engine;
    return [...fleet.holders.keys()].some((holder) =>
      [...(fleet.models.get(holder)?.dependsOn ?? []), ...(fleet.steps.get(holder) ?? [])].includes(model),
    );
  }

  private drain(server: ServerId): void {
    const { told, random, agenda } = this.parts;
    const deadline = random.chance(0.5) ? null : agenda.now() + random.between(1_000, 30_000);
    told.drains.set(server, deadline);
    this.tell({ kind: 'DrainOrdered', server, deadline });
  }

  private undrain(server: ServerId): void {
    if (this.parts.told.drains.delete(server)) this.tell({ kind: 'DrainEnded', server });
  }

  /** Only what is as honest under the defaults as under its own declaration; they may book more for what is there. */
  private withdraw({ model: { id }, fitsDefaults }: PlannedModel): void {
    if (!fitsDefaults || !this.parts.told.models.delete(id)) return;
    for (const site of this.parts.sites.values()) site.isMuddled = true;
    this.tell({ kind: 'ModelWithdrawn', model: id });
  }

  private declare({ model }: PlannedModel): void {
    const { told, random } = this.parts;
    const before = told.models.get(model.id) ?? { ...model, pinnedCopies: 0 };
    this.redeclare({
      ...before,
      enabled: before.pinnedCopies > 0 || random.chance(0.9),
      idleUnload: random.between(2, 40) * 1_000,
    });
  }

  private redeclare(model: Model): void {
    this.parts.told.models.set(model.id, model);
    this.tell({ kind: 'ModelDeclared', model });
  }

  private tell(event: Event): void {
    this.parts.trail.note(`operator ${JSON.stringify(event)}`);
    this.parts.trail.mark(`operator ${event.kind}`);
    this.parts.berth()?.engine.tell(event);
  }
}
