import {
  type Fleet,
  isLeftAlone,
  isListedNowhere,
  type Millis,
  type ModelId,
  replicasOf,
  type Server,
} from '#core';
import type { Engine } from '#engine';
import { Refused } from '../../transport/errors/refused.js';
import type { TurnWatch } from './turn-watch.js';

/** The wait for a fresh look at the repositories. */
const LOOK_MS: Millis = 5_000;

/** More than may wait for such a look at once are refused. */
const TOO_MANY = 'too many callers wait for a look at the repositories already';

/**
 * A model may have been put into a repository just now. Before it can be said to be in none, the servers that are up are looked
 * at once more, at most once a second each. A caller that goes gives its place back at once.
 */
export async function lookedForAnew(
  engine: Engine,
  watch: TurnWatch,
  model: ModelId,
  signal?: AbortSignal,
): Promise<void> {
  if (!isListedNowhere(engine.fleet, model)) return;
  const began = engine.now();
  const servers = [...engine.fleet.servers].filter(([, one]) => isLookedAt(one)).map(([id]) => id);
  if (servers.length === 0) return;
  await watch.admit(async () => {
    engine.tell({ kind: 'ServersDoubted', servers });
    const isKnown = (fleet: Readonly<Fleet>): boolean =>
      !isListedNowhere(fleet, model) ||
      ![...fleet.servers.values()].some((one) => isLookedAt(one) && (one.lookedAt ?? -Infinity) < began);
    await watch.until(isKnown, LOOK_MS, signal);
  }, TOO_MANY);
}

/** Whether a look soon tells what it has. One that is away keeps the pauses between the tries to reach it. */
const isLookedAt = ({ contact, mode }: Server): boolean => contact.kind === 'up' && mode !== 'restricted';

/** Refuses the load of a model of which no server has the files. */
export function checkListed(fleet: Readonly<Fleet>, model: ModelId): void {
  if (!isListedNowhere(fleet, model)) return;
  throw new Refused({ reason: 'infeasible', detail: "in no server's repository", members: { model } });
}

/** Refuses an order about copies that are all on servers which take no orders. */
export function checkTakesOrders(fleet: Readonly<Fleet>, model: ModelId): void {
  const servers = replicasOf(fleet, model).map(({ server }) => fleet.servers.get(server)!);
  if (servers.length === 0 || !servers.every(isLeftAlone)) return;
  const why = servers.map(
    ({ spec, mode }) => `${spec.id} ${mode === 'restricted' ? RESTRICTED : WRONG_MODE}`,
  );
  throw new Refused({
    reason: 'infeasible',
    detail: `${model} is left alone: ${why.join(', ')}`,
    members: { model, servers: servers.map(({ spec }) => spec.id) },
  });
}

const WRONG_MODE = 'is in the wrong mode (start Triton with --model-control-mode=explicit)';
const RESTRICTED = 'restricts its repository protocol (its key is declared in headers)';
