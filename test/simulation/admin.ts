import { type Event, type EventOf, fitPins, type Model, type ModelId, type ServerId } from '#core';
import { type Berth, WISH } from './berth.js';
import type { Doings, HappeningOf, OrderKind } from './happenings.js';
import type { PlannedModel } from './plan.js';
import type { Stage } from './stage.js';

/** Why no Berth hears an order just now. */
export function whyDeaf({ berth, store }: Stage): string | undefined {
  const living = berth();
  if (!living) return 'Berth is not there';
  if (living.process.isPaused) return 'Berth is paused';
  return store.isIdleFor(living.process) ? undefined : 'another write is under way';
}

/** Puts an admin's write on the disk, and does it once it is there; what could not be written is refused. */
export function writeDown({ store, berth, trail }: Stage, apply: () => void, done: () => void): void {
  store.tell(apply, berth()!.process).then(
    () => {
      trail.note('acknowledged');
      done();
    },
    () => trail.note('refused: the disk is full'),
  );
}

/** An admin with a key: what Berth's API would refuse is refused here, for the same reasons. */
export class Admin {
  constructor(private readonly stage: Stage) {}

  doings(): Pick<Doings, OrderKind> {
    return {
      pin: this.reaching((order) => this.pin(order)),
      unpin: this.reaching(({ model }) => this.unpin(model)),
      orderLoad: this.reaching(({ model }) => {
        this.order({ kind: 'LoadOrdered', model, until: this.stage.agenda.now() + WISH });
      }),
      orderUnload: this.reaching((order) => this.orderUnload(order)),
      orderReload: this.reaching(({ model }) => this.orderReload(model)),
      drain: this.reaching((order) => this.drain(order)),
      undrain: this.reaching(({ server }) => this.undrain(server)),
      freeze: this.reaching(() => this.freeze()),
      unfreeze: this.reaching(() => this.unfreeze()),
      withdraw: this.reaching(({ model }) => this.withdraw(model)),
      declare: this.reaching((order) => this.declare(order)),
      setLimits: this.reaching((order) => this.setLimits(order)),
    };
  }

  /** Ends what would keep a fleet from coming to rest. */
  finish(): void {
    const { told } = this.stage;
    for (const server of told.drains.keys()) this.tell({ kind: 'DrainEnded', server });
    told.drains.clear();
    if (told.frozen) this.tell({ kind: 'FreezeEnded' });
    told.frozen = null;
    this.admitLies();
  }

  /** Where less was declared than is there, a pin may fit in the books and in no memory, whatever Berth does. */
  private admitLies(): void {
    const { models } = this.stage.told;
    for (const { model, disk } of this.stage.plan.models) {
      const told = models.get(model.id);
      // What was declared to need no GPU is on a processor.
      if (!told || told.gpuBytes === 0 || told.gpuBytes >= (disk.gpuBytes ?? 0)) continue;
      const honest = { ...told, gpuBytes: disk.gpuBytes! };
      models.set(model.id, honest);
      this.tell({ kind: 'ModelDeclared', model: honest });
    }
  }

  private get berth(): Berth {
    return this.stage.berth()!;
  }

  private reaching<Happening>(doing: (happening: Happening) => string | void) {
    return (happening: Happening): string | void => whyDeaf(this.stage) ?? doing(happening);
  }

  /** Written down first, then done and acknowledged, as the API does it. */
  private write(apply: () => void, event: Event): void {
    const { engine } = this.berth;
    this.stage.trail.mark(`operator ${event.kind}`);
    writeDown(this.stage, apply, () => engine.tell(event));
  }

  /** An ensemble only once it is known what it is made of: before, Berth cannot say whether it fits. */
  private pin({ model: id, copies }: HappeningOf<'pin'>): string | void {
    const { models } = this.stage.told;
    const { fleet } = this.berth.engine;
    const before = models.get(id);
    if (!before) return 'unknown_model';
    if (!before.enabled) return 'disabled';
    if (before.maxCopies !== null && copies > before.maxCopies) return 'more than there may be';
    const isKnown = this.planned(id).disk.steps === undefined || fleet.steps.has(id);
    if (!isKnown) return 'it is not known what it is made of';
    const after = { ...before, pinnedCopies: copies };
    const others = [...models.values()].filter((model) => model.id !== id && model.pinnedCopies > 0);
    if (!fitPins(fleet, [...others, after]).fits) return 'pin_does_not_fit';
    this.redeclare(after);
  }

  private unpin(id: ModelId): string | void {
    const before = this.stage.told.models.get(id);
    if (!before || before.pinnedCopies === 0) return 'it is not pinned';
    this.redeclare({ ...before, pinnedCopies: 0 });
  }

  private orderUnload({ model, force }: HappeningOf<'orderUnload'>): string | void {
    const { told, sites } = this.stage;
    if ((told.models.get(model)?.pinnedCopies ?? 0) > 0) return 'pinned';
    if (this.isNeeded(model)) return 'in_use';
    if (force) for (const site of sites.values()) site.disturb();
    this.order({ kind: 'UnloadOrdered', model, force });
  }

  private orderReload(model: ModelId): string | void {
    if (this.stage.told.models.get(model)?.enabled === false) return 'disabled';
    if (this.isNeeded(model)) return 'in_use';
    this.order({ kind: 'ReloadOrdered', model, until: this.stage.agenda.now() + WISH });
  }

  /** An order is written down and accepted like any other write: what is not done of it, the next life does. */
  private order(event: EventOf<'LoadOrdered' | 'UnloadOrdered' | 'ReloadOrdered'>): void {
    const { book, engine } = this.berth;
    const { told, trail } = this.stage;
    const changes = book.accept(engine.fleet, event);
    trail.mark(`operator ${event.kind}`);
    const apply = (): void => {
      told.follow(changes);
      told.unheard.add(event.model);
    };
    writeDown(this.stage, apply, () => {
      told.unheard.delete(event.model);
      book.follow(changes);
      engine.tell(event);
    });
  }

  private isNeeded(model: ModelId): boolean {
    const { fleet } = this.berth.engine;
    return [...fleet.holders.keys()].some((holder) =>
      [...(fleet.models.get(holder)?.dependsOn ?? []), ...(fleet.steps.get(holder) ?? [])].includes(model),
    );
  }

  private drain({ server, within }: HappeningOf<'drain'>): string | void {
    if (!this.stage.told.servers.has(server)) return 'unknown_server';
    const deadline = within === null ? null : this.stage.agenda.now() + within;
    const { drains } = this.stage.told;
    this.write(() => drains.set(server, deadline), { kind: 'DrainOrdered', server, deadline });
  }

  private undrain(server: ServerId): string | void {
    const { drains } = this.stage.told;
    if (!drains.has(server)) return 'it is not draining';
    this.write(() => drains.delete(server), { kind: 'DrainEnded', server });
  }

  private freeze(): void {
    const frozen = { reason: 'an operator looks into something', since: this.stage.agenda.now() };
    this.write(() => (this.stage.told.frozen = frozen), { kind: 'FreezeOrdered', ...frozen });
  }

  private unfreeze(): string | void {
    if (!this.stage.told.frozen) return 'it is not frozen';
    this.write(() => (this.stage.told.frozen = null), { kind: 'FreezeEnded' });
  }

  /** Only what is as honest under the defaults as under its own declaration; they may book more for what is there. */
  private withdraw(id: ModelId): string | void {
    if (!this.planned(id).fitsDefaults) return 'the defaults would lie about it';
    const { models } = this.stage.told;
    if (!models.has(id)) return 'unknown_model';
    this.write(() => models.delete(id), { kind: 'ModelWithdrawn', model: id });
  }

  private declare({ model: id, change }: HappeningOf<'declare'>): string | void {
    const { model: planned, disk } = this.planned(id);
    const before = this.stage.told.models.get(id) ?? { ...planned, pinnedCopies: 0 };
    if (before.pinnedCopies > 0 && change.enabled === false) return 'pinned';
    const after = changed(before, change, disk.steps !== undefined);
    if (before.pinnedCopies > 0 && after.gpuBytes > before.gpuBytes) return 'a larger one may not fit';
    if (after.gpuBytes < (disk.gpuBytes ?? 0)) this.stage.trail.mark('declared too small');
    this.redeclare(after);
  }

  private setLimits({ limits }: HappeningOf<'setLimits'>): void {
    const { told } = this.stage;
    this.write(() => (told.limits = limits), { kind: 'LimitsSet', limits, defaults: told.defaults });
  }

  private redeclare(model: Model): void {
    const { models } = this.stage.told;
    this.write(() => models.set(model.id, model), { kind: 'ModelDeclared', model });
  }

  private planned(id: ModelId): PlannedModel {
    return this.stage.plan.models.find(({ model }) => model.id === id)!;
  }

  private tell(event: Event): void {
    this.stage.trail.mark(`operator ${event.kind}`);
    this.stage.berth()?.engine.tell(event);
  }
}

/** A model as it is once some of it was changed. */
function changed(before: Model, change: HappeningOf<'declare'>['change'], isEnsemble: boolean): Model {
  const { maxQueue, ...settings } = change;
  const coldStart = { ...before.coldStart, maxQueue: maxQueue ?? before.coldStart.maxQueue };
  const isSized = change.gpuBytes !== undefined && !isEnsemble;
  return { ...before, ...settings, gpuDeclared: before.gpuDeclared || isSized, coldStart };
}
