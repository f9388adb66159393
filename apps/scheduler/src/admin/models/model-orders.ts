import { Inject, Injectable } from '@nestjs/common';
import type { EffectiveModel } from '#config';
import {
  type Event,
  type EventOf,
  type Fleet,
  type Instant,
  lastFailure,
  type Millis,
  type ModelId,
  reloadsOf,
  replicasOf,
} from '#core';
import type { ModelMessage } from '#contracts';
import { demand } from '../../transport/access/admit.js';
import { Refused } from '../../transport/errors/refused.js';
import type { AskedFor } from '../idempotency/idempotency-keys.js';
import { type Caller, checkIfMatch } from '../../transport/access/caller.js';
import { type Written, Writes } from '../idempotency/writes.js';
import { pinNow } from './core-model.js';
import { disabled } from './model-writes.js';
import { checkListed, checkTakesOrders, lookedForAnew } from './order-checks.js';
import { Engine, OrderBook } from '#engine';
import { ModelList } from './model-list.js';
import { TurnWatch } from './turn-watch.js';
import { WallTimes } from '../../transport/wall-times.js';
import type { Catalog } from './catalog.js';

/** An admin's load is wished for as long as a load may take, and then as long as a request may wait. */
const SPARE: Millis = 60_000;

/** More than may wait at once are refused. */
const TOO_MANY = 'too many callers wait for the end of an order already; give it without waitMs';

type Ordered = EventOf<'LoadOrdered' | 'UnloadOrdered' | 'ReloadOrdered'>;

/** How an order is given: for how long its end is waited for, and whether leases are waited out. */
export interface OrderOptions {
  readonly waitMs?: number | undefined;
  readonly force?: boolean | null | undefined;
}

/** What a caller sent with an order. */
interface Given {
  readonly body: unknown;
  readonly caller: Caller;
  readonly waitMs: number;
}

/** Refuses an order by throwing, or says what it is to the core and when it has ended. */
type Check = () => { event: Ordered; ended: (fleet: Readonly<Fleet>) => boolean };

/**
 * Orders to load, unload and reload. They are answered once they are stored, or after `waitMs`; what follows is the
 * engine's, also after a restart.
 */
@Injectable()
export class ModelOrders {
  constructor(
    @Inject(OrderBook) private readonly book: OrderBook,
    @Inject(Engine) private readonly engine: Engine,
    @Inject(ModelList) private readonly models: ModelList,
    @Inject(WallTimes) private readonly times: WallTimes,
    @Inject(TurnWatch) private readonly watch: TurnWatch,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  async load(name: string, { waitMs = 0 }: OrderOptions, caller: Caller): Promise<Written<ModelMessage>> {
    const { engine, models } = this;
    const model = name as ModelId;
    const began = engine.now();
    await this.lookFor(model, { ...orderOf('load', name), caller });
    return this.order('load', name, { body: null, caller, waitMs }, () => {
      const { effective } = models.entry(name);
      if (!effective.enabled) throw disabled(name);
      checkListed(engine.fleet, model);
      return {
        event: { kind: 'LoadOrdered', model, until: orderedUntil(engine, effective) },
        ended: (fleet) => hasLoaded(fleet, model, began),
      };
    });
  }

  /** With `force` the caller needs the right `declare`. */
  async unload(
    name: string,
    { waitMs = 0, ...options }: OrderOptions,
    caller: Caller,
  ): Promise<Written<ModelMessage>> {
    const { engine, models, times } = this;
    const model = name as ModelId;
    const force = options.force ?? false;
    if (force) demand(caller, 'declare');
    return this.order('unload', name, { body: { force }, caller, waitMs }, () => {
      const { effective } = models.entry(name);
      if (pinNow(effective, times) !== null) throw pinned(name);
      const user = heldUser(engine.fleet, model);
      if (user !== undefined) throw inUse(name, user);
      checkTakesOrders(engine.fleet, model);
      return { event: { kind: 'UnloadOrdered', model, force }, ended: (fleet) => !fleet.holders.has(model) };
    });
  }

  /** Takes up a new version on disk: the copies that are there leave and come back, one after the other, pinned or not. */
  async reload(name: string, { waitMs = 0 }: OrderOptions, caller: Caller): Promise<Written<ModelMessage>> {
    const { engine, models } = this;
    const model = name as ModelId;
    const began = engine.now();
    await this.lookFor(model, { ...orderOf('reload', name), caller });
    return this.order('reload', name, { body: null, caller, waitMs }, () => {
      const { effective } = models.entry(name);
      if (!effective.enabled) throw disabled(name);
      const user = heldUser(engine.fleet, model);
      if (user !== undefined) throw inUse(name, user);
      checkListed(engine.fleet, model);
      checkTakesOrders(engine.fleet, model);
      return {
        event: { kind: 'ReloadOrdered', model, until: orderedUntil(engine, effective) },
        ended: (fleet) => reloadsOf(fleet, model).length === 0 && hasLoaded(fleet, model, began),
      };
    });
  }

  /** Has the repositories looked at where none has the model; not for a replay, whose answer is known. */
  private async lookFor(model: ModelId, asked: AskedFor): Promise<void> {
    const { engine, watch, writes } = this;
    if (!writes.isReplay(asked)) await lookedForAnew(engine, watch, model, asked.caller.signal);
  }

  private order(verb: string, name: string, given: Given, check: Check): Promise<Written<ModelMessage>> {
    const work = () => this.carryOut(verb, name, given, check);
    return given.waitMs > 0 ? this.watch.admit(work, TOO_MANY) : work();
  }

  private async carryOut(
    verb: string,
    name: string,
    { body, caller, waitMs }: Given,
    check: Check,
  ): Promise<Written<ModelMessage>> {
    const { book, engine, models, watch, writes } = this;
    let ended = (_: Readonly<Fleet>): boolean => true;
    const view = (): ModelMessage => models.get(name);
    const operation = { ...orderOf(verb, name), body, caller, present: view };
    const written = await writes.perform(operation, () => {
      const { revision } = models.entry(name);
      checkIfMatch(caller, revision);
      const { event, ...checked } = check();
      ended = checked.ended;
      const changes = book.accept(engine.fleet, event);
      const commit = (): void => {
        book.follow(changes);
        engine.tell(event);
      };
      const isForced = event.kind === 'UnloadOrdered' && event.force;
      return { changes, ordered: { model: name, revision, isForced }, status: 202, view, commit };
    });
    if (waitMs === 0 || ended(engine.fleet)) return written;
    await watch.until(ended, waitMs, caller.signal);
    const told = written.telling(view());
    await writes.toldLater(operation, told);
    return told;
  }
}

/** What earlier lives had accepted and not done. */
export const recalledOrders = (book: OrderBook, engine: Engine, catalog: Catalog): Event[] =>
  book.recall((name) => orderedUntil(engine, catalog.entry(name).effective));

/** Until when a load that is ordered now is wished for. */
export const orderedUntil = (engine: Pick<Engine, 'now'>, { loadTimeoutSeconds }: EffectiveModel): Instant =>
  engine.now() + loadTimeoutSeconds * 1_000 + SPARE;

const orderOf = (verb: string, name: string) => ({ method: 'POST', path: `/v1/models/${name}/${verb}` });

function hasLoaded(fleet: Readonly<Fleet>, model: ModelId, began: number): boolean {
  const failure = lastFailure(fleet, model);
  return (
    replicasOf(fleet, model).some(({ phase }) => phase === 'ready') ||
    (failure !== null && failure.at >= began)
  );
}

/** A model in memory that cannot serve without this one. */
function heldUser(fleet: Readonly<Fleet>, model: ModelId): ModelId | undefined {
  return [...fleet.holders.keys()].find((holder) => {
    const needs = [...(fleet.models.get(holder)?.dependsOn ?? []), ...(fleet.steps.get(holder) ?? [])];
    return holder !== model && needs.includes(model);
  });
}

const pinned = (name: string): Refused =>
  new Refused({ reason: 'pinned', detail: `${name} is pinned; unpin it first`, members: { model: name } });

const inUse = (name: string, user: ModelId): Refused =>
  new Refused({
    reason: 'in_use',
    detail: `${user} is loaded and needs ${name}`,
    members: { model: name, user },
  });
