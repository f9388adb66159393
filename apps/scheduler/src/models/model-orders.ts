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
import { demand } from '../access/admit.js';
import { Refused } from '../errors/refused.js';
import { PerTerm } from '../per-term.js';
import type { AskedFor } from '../writes/answers.js';
import { type Caller, checkIfMatch } from '../writes/caller.js';
import type { Written, Writes } from '../writes/writes.js';
import { pinNow } from './core-model.js';
import { disabled } from './model-writes.js';
import { checkListed, checkTakesOrders, lookedForAnew } from './order-checks.js';
import type { Engine, OrderBook } from '#engine';
import type { ModelList } from './model-list.js';
import type { TurnWatch } from './turn-watch.js';
import type { WallTimes } from '../wall-times.js';
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

/** What orders use of the present term. */
interface OrderPorts {
  readonly book: OrderBook;
  readonly engine: Engine;
  readonly models: ModelList;
  readonly times: WallTimes;
  readonly watch: TurnWatch;
  readonly writes: Writes;
}

/**
 * Orders to load, unload and reload. They are answered once they are stored, or after `waitMs`; what follows is the
 * engine's, also after a restart.
 */
@Injectable()
export class ModelOrders {
  constructor(@Inject(PerTerm) private readonly term: Pick<PerTerm<OrderPorts>, 'certain'>) {}

  async load(name: string, { waitMs = 0 }: OrderOptions, caller: Caller): Promise<Written<ModelMessage>> {
    const made = this.term.certain;
    const { engine, models } = made;
    const model = name as ModelId;
    const began = engine.now();
    await lookFor(made, model, { ...orderOf('load', name), caller });
    return order(made, 'load', name, { body: null, caller, waitMs }, () => {
      const { effective } = models.entry(name);
      if (!effective.enabled) throw disabled(name);
      checkListed(engine.fleet, model);
      return {
        event: { kind: 'LoadOrdered', model, until: orderedUntil(made, effective) },
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
    const made = this.term.certain;
    const { engine, models, times } = made;
    const model = name as ModelId;
    const force = options.force ?? false;
    if (force) demand(caller, 'declare');
    return order(made, 'unload', name, { body: { force }, caller, waitMs }, () => {
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
    const made = this.term.certain;
    const { engine, models } = made;
    const model = name as ModelId;
    const began = engine.now();
    await lookFor(made, model, { ...orderOf('reload', name), caller });
    return order(made, 'reload', name, { body: null, caller, waitMs }, () => {
      const { effective } = models.entry(name);
      if (!effective.enabled) throw disabled(name);
      const user = heldUser(engine.fleet, model);
      if (user !== undefined) throw inUse(name, user);
      checkListed(engine.fleet, model);
      checkTakesOrders(engine.fleet, model);
      return {
        event: { kind: 'ReloadOrdered', model, until: orderedUntil(made, effective) },
        ended: (fleet) => reloadsOf(fleet, model).length === 0 && hasLoaded(fleet, model, began),
      };
    });
  }
}

/** What earlier lives had accepted and not done. */
export const recalledOrders = (
  made: Pick<OrderPorts, 'book' | 'engine'> & { readonly catalog: Catalog },
): Event[] => made.book.recall((name) => orderedUntil(made, made.catalog.entry(name).effective));

/** Until when a load that is ordered now is wished for. */
export const orderedUntil = (
  { engine }: Pick<OrderPorts, 'engine'>,
  { loadTimeoutSeconds }: EffectiveModel,
): Instant => engine.now() + loadTimeoutSeconds * 1_000 + SPARE;

/** Has the repositories looked at where none has the model; not for a replay, whose answer is known. */
async function lookFor(
  { engine, watch, writes }: OrderPorts,
  model: ModelId,
  asked: AskedFor,
): Promise<void> {
  if (!writes.isReplay(asked)) await lookedForAnew(engine, watch, model, asked.caller.gone);
}

function order(
  made: OrderPorts,
  verb: string,
  name: string,
  given: Given,
  check: Check,
): Promise<Written<ModelMessage>> {
  const work = () => carryOut(made, verb, name, given, check);
  return given.waitMs > 0 ? made.watch.admit(work, TOO_MANY) : work();
}

async function carryOut(
  { book, engine, models, watch, writes }: OrderPorts,
  verb: string,
  name: string,
  { body, caller, waitMs }: Given,
  check: Check,
): Promise<Written<ModelMessage>> {
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
  await watch.until(ended, waitMs, caller.gone);
  const told = written.telling(view());
  await writes.toldLater(operation, told);
  return told;
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
