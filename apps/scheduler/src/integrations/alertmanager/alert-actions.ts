import { Inject, Injectable } from '@nestjs/common';
import type { AlertRule } from '#config';
import type { EventOf, ModelId } from '#core';
import { Engine, OrderBook, type DeclarationChange, type DeclaredModel, type DeclaredServer } from '#engine';
import { Refused } from '../../transport/errors/refused.js';
import { Catalog } from '../../admin/models/catalog.js';
import { pinNow } from '../../admin/models/core-model.js';
import type { Entry } from '../../admin/models/layers.js';
import { orderedUntil } from '../../admin/models/model-orders.js';
import { declaration, disabled, pinnedBy } from '../../admin/models/model-writes.js';
import { checkListed } from '../../admin/models/order-checks.js';
import { type EntryChange, ModelRules } from '../../admin/models/model-rules.js';
import type { Ordered } from '../../admin/idempotency/audited.js';
import type { Holds } from './firing-alerts.js';
import { type Act, type AlertActionsPort, NOT_DONE, type NotDone } from './judge-alerts.js';
import { ServerIndex } from './server-index.js';
import { Links } from '../../admin/servers/links.js';
import { ModelList } from '../../admin/models/model-list.js';
import { Registry } from '../../admin/servers/registry.js';
import { WallTimes } from '../../transport/wall-times.js';

/** Bound of pins of one body: each is judged beside all others, which takes a while in a large fleet. */
const MAX_PINS = 20;

/** A model as it is to be. */
interface Declared extends EntryChange {
  readonly next: DeclaredModel;
}

interface Load {
  readonly event: EventOf<'LoadOrdered'>;
  readonly ordered: Ordered;
  readonly changes: readonly DeclarationChange[];
}

/** What alerts act on. */
@Injectable()
export class AlertTargets {
  constructor(
    @Inject(OrderBook) readonly book: OrderBook,
    @Inject(Catalog) readonly catalog: Catalog,
    @Inject(Engine) readonly engine: Engine,
    @Inject(Links) readonly links: Links,
    @Inject(ModelList) readonly models: ModelList,
    @Inject(Registry) readonly registry: Registry,
    @Inject(ModelRules) readonly rules: ModelRules,
    @Inject(WallTimes) readonly times: WallTimes,
  ) {}
}

/** What the alerts of one body do. It is drafted first, as one write, and takes effect with `commit`. */
export class AlertActions implements AlertActionsPort {
  private readonly servers = new Map<string, DeclaredServer>();
  private readonly models = new Map<string, Declared>();
  private readonly loads = new Map<string, Load>();
  private index: ServerIndex | undefined;
  private pinsJudged = 0;

  /** `judges`: whether pins are judged together by `pinsFit`, or each when it is asked for. */
  constructor(
    private readonly made: AlertTargets,
    private readonly judges: 'together' | 'one_by_one',
    private readonly credential: string,
  ) {}

  /** What has to be stored. */
  get changes(): readonly DeclarationChange[] {
    return [
      ...[...this.servers].map(([id, value]): DeclarationChange => ({ kind: 'server', id, value })),
      ...[...this.models].map(([name, { next }]): DeclarationChange => ({
        kind: 'model',
        name,
        value: next,
      })),
      ...[...this.loads.values()].flatMap(({ changes }) => changes),
    ];
  }

  /** What declares nothing and is audited all the same. */
  get ordered(): readonly Ordered[] {
    return [...this.loads.values()].map(({ ordered }) => ordered);
  }

  /** Takes effect, once it is stored. */
  commit(): void {
    const { book, catalog, engine, links, registry, times } = this.made;
    for (const [id, next] of this.servers) registry.set(id, next);
    for (const [name, { next }] of this.models) catalog.set(name, next);
    for (const { changes } of this.loads.values()) book.follow(changes);
    const drained = [...this.servers.keys()].flatMap((id) => registry.get(id) ?? []);
    for (const entry of drained) links.follow(entry, times);
    engine.tell(
      ...[...this.models.values()].map(({ after }) => declaration(after, times)),
      ...[...this.loads.values()].map(({ event }) => event),
    );
  }

  /** Whether all pins of the body have room beside all others. */
  pinsFit(): boolean {
    try {
      this.made.rules.check([...this.models.values()], () => 'dependsOn');
      return true;
    } catch (error) {
      whyOf(error);
      return false;
    }
  }

  act(what: AlertRule['do'], target: string): Act {
    try {
      switch (what) {
        case 'drain':
          return this.drain(target);
        case 'pin':
          return this.pin(target);
        case 'load':
          return this.load(target);
      }
    } catch (error) {
      return notDone(whyOf(error));
    }
  }

  takeBack(holds: Holds): boolean {
    return holds.kind === 'drain' ? this.undrain(holds.name, holds.revision) : this.unpin(holds);
  }

  private drain(text: string): Act {
    this.index ??= new ServerIndex(this.made.registry.all().map(({ config }) => config));
    const [id, ...others] = this.index.named(text);
    if (id === undefined) return notDone('unknown_server');
    if (others.length > 0) return notDone('ambiguous_server');
    const { revision, drain } = this.serverNow(id);
    if (drain !== null) return { kind: 'already', holds: { kind: 'drain', name: id, revision } };
    const since = new Date(this.made.times.wallNow()).toISOString();
    const ordered = { deadline: null, since, by: this.credential, cause: 'alert' } as const;
    return { kind: 'done', holds: this.turn(id, ordered) };
  }

  private undrain(id: string, revision: number): boolean {
    const now = this.serverNow(id);
    if (now.revision !== revision || now.drain === null) return false;
    this.turn(id, null);
    return true;
  }

  private serverNow(id: string): DeclaredServer {
    const { registry } = this.made;
    const told = registry.get(id)?.told ?? { spec: null, drain: null };
    return this.servers.get(id) ?? { ...told, revision: registry.revisionOf(id) };
  }

  /** However often a body turns it, its revision rises by one. */
  private turn(name: string, drain: DeclaredServer['drain']): Holds {
    const revision = this.made.registry.revisionOf(name) + 1;
    this.servers.set(name, { ...this.serverNow(name), revision, drain });
    return { kind: 'drain', name, revision };
  }

  private pin(name: string): Act {
    const { times } = this.made;
    const { effective, revision, told } = this.modelNow(name);
    if (pinNow(effective, times) !== null) return { kind: 'already', holds: { kind: 'pin', name, revision } };
    if (!effective.enabled) throw disabled(name);
    const changed = this.changed(name, (entry) => pinnedBy(entry, { copies: 1, until: null }));
    if (this.judges === 'one_by_one') {
      if (this.pinsJudged >= MAX_PINS) return notDone('too_many_pins');
      this.pinsJudged += 1;
      this.made.rules.check([...this.models.values(), changed], () => 'dependsOn');
    }
    this.models.set(name, changed);
    const holds = { kind: 'pin', name, revision: changed.next.revision } as const;
    return { kind: 'done', holds: told?.pin === null ? { ...holds, wasUnpinned: true } : holds };
  }

  /** What the file says of the pin by now holds again, or that an admin had unpinned the model. */
  private unpin({ name, revision, wasUnpinned }: Holds): boolean {
    const now = this.models.get(name)?.after ?? this.made.catalog.entry(name);
    if (now.revision !== revision || pinNow(now.effective, this.made.times) === null) return false;
    this.models.set(
      name,
      this.changed(name, (entry) => pinnedBy(entry, wasUnpinned ? null : undefined)),
    );
    return true;
  }

  /** Refuses a model that is not known. */
  private modelNow(name: string): Entry {
    return this.models.get(name)?.after ?? this.made.models.entry(name);
  }

  private changed(name: string, nextOf: (before: Entry) => DeclaredModel): Declared {
    const { catalog } = this.made;
    const before = catalog.entry(name);
    const next = nextOf(before);
    return { before, after: catalog.entryWith(name, next), next };
  }

  private load(name: string): Act {
    const { book, engine } = this.made;
    const model = name as ModelId;
    const { effective, revision } = this.modelNow(name);
    if (!effective.enabled) throw disabled(name);
    checkListed(engine.fleet, model);
    if (this.loads.has(name)) return { kind: 'already', holds: null };
    const event = { kind: 'LoadOrdered', model, until: orderedUntil(engine, effective) } as const;
    const ordered = { model: name, revision, isForced: false };
    this.loads.set(name, { event, ordered, changes: book.accept(engine.fleet, event) });
    return { kind: 'done', holds: null };
  }
}

const notDone = (why: NotDone): Act => ({ kind: 'not_done', why });

/** Refusals are what may come of what an alert says; anything else is an error of ours. */
function whyOf(error: unknown): NotDone {
  const why = error instanceof Refused && NOT_DONE.find((one) => one === error.facts.reason);
  if (!why) throw error;
  return why;
}
