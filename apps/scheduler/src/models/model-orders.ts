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
import type { Engine, OrderBook } from '#engine';
import type { ModelMessage } from '#contracts';
import { Refused } from '../errors/refused.js';
import type { WallTimes } from '../wall-times.js';
import type { AskedFor } from '../writes/answers.js';
import { type Caller, checkIfMatch } from '../writes/caller.js';
import type { Writes, Written } from '../writes/writes.js';
import type { Catalog } from './catalog.js';
import { pinNow } from './core-model.js';
import type { ModelList } from './model-list.js';
import { disabled } from './model-writes.js';
import { checkListed, checkTakesOrders, lookedForAnew } from './order-checks.js';
import type { TurnWatch } from './turn-watch.js';

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
export class ModelOrders {
  constructor(
    private readonly engine: Engine,
    private readonly models: ModelList,
    private readonly writes: Writes,
    private readonly watch: TurnWatch,
    private readonly outside: { readonly book: OrderBook; readonly times: WallTimes },
  ) {}

  /** What earlier lives had accepted and not done. */
  recall(catalog: Catalog): Event[] {
    return this.outside.book.recall((name) => this.wishedUntil(catalog.entry(name).effective));
  }

  async load(name: string, { waitMs = 0 }: OrderOptions, caller: Caller): Promise<Written<ModelMessage>> {
    const model = name as ModelId;
    const began = this.engine.now();
    await this.lookFor(model, { ...orderOf('load', name), caller });
    return this.order('load', name, { body: null, caller, waitMs }, () => {
      const { effective } = this.models.entry(name);
      if (!effective.enabled) throw disabled(name);
      checkListed(this.engine.fleet, model);
      return {
        event: { kind: 'LoadOrdered', model, until: this.wishedUntil(effective) },
        ended: (fleet) => hasLoaded(fleet, model, began),
      };
    });
  }

  unload(
    name: string,
    { waitMs = 0, ...options }: OrderOptions,
    caller: Caller,
  ): Promise<Written<ModelMessage>> {
    const model = name as ModelId;
    const force = options.force ?? false;
    return this.order('unload', name, { body: { force }, caller, waitMs }, () => {
      const { effective } = this.models.entry(name);
      if (pinNow(effective, this.outside.times) !== null) throw pinned(name);
      const user = heldUser(this.engine.fleet, model);
      if (user !== undefined) throw inUse(name, user);
      checkTakesOrders(this.engine.fleet, model);
      return { event: { kind: 'UnloadOrdered', model, force }, ended: (fleet) => !fleet.holders.has(model) };
    });
  }

  /** Takes up a new version on disk: the copies that are there leave and come back, one after the other, pinned or not. */
  async reload(name: string, { waitMs = 0 }: OrderOptions, caller: Caller): Promise<Written<ModelMessage>> {
    const model = name as ModelId;
    const began = this.engine.now();
    await this.lookFor(model, { ...orderOf('reload', name), caller });
    return this.order('reload', name, { body: null, caller, waitMs }, () => {
      const { effective } = this.models.entry(name);
      if (!effective.enabled) throw disabled(name);
      const user = heldUser(this.engine.fleet, model);
      if (user !== undefined) throw inUse(name, user);
      checkListed(this.engine.fleet, model);
      checkTakesOrders(this.engine.fleet, model);
      return {
        event: { kind: 'ReloadOrdered', model, until: this.wishedUntil(effective) },
        ended: (fleet) => reloadsOf(fleet, model).length === 0 && hasLoaded(fleet, model, began),
      };
    });
  }

  private wishedUntil({ loadTimeoutSeconds }: EffectiveModel): Instant {
    return this.engine.now() + loadTimeoutSeconds * 1_000 + SPARE;
  }

  /** Has the repositories looked at where none has the model; not for a replay, whose answer is known. */
  private async lookFor(model: ModelId, asked: AskedFor): Promise<void> {
    if (!this.writes.isReplay(asked)) await lookedForAnew(this.engine, this.watch, model, asked.caller.gone);
  }

  private order(verb: string, name: string, given: Given, check: Check): Promise<Written<ModelMessage>> {
    const carryOut = () => this.carryOut(verb, name, given, check);
    return given.waitMs > 0 ? this.watch.admit(carryOut, TOO_MANY) : carryOut();
  }

  private async carryOut(
    verb: string,
    name: string,
    { body, caller, waitMs }: Given,
    check: Check,
  ): Promise<Written<ModelMessage>> {
    const { book } = this.outside;
    let ended = (_: Readonly<Fleet>): boolean => true;
    const view = (): ModelMessage => this.models.get(name);
    const operation = { ...orderOf(verb, name), body, caller, present: view };
    const written = await this.writes.perform(operation, () => {
      checkIfMatch(caller, this.models.entry(name).revision);
      const order = check();
      ended = order.ended;
      const changes = book.accept(this.engine.fleet, order.event);
      const commit = (): void => {
        book.follow(changes);
        this.engine.tell(order.event);
      };
      return { changes, status: 202, view, commit };
    });
    if (waitMs === 0 || ended(this.engine.fleet)) return written;
    await this.watch.until(ended, waitMs, caller.gone);
    const told = { ...written, body: view() };
    await this.writes.toldLater(operation, told);
    return told;
  }
}

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
