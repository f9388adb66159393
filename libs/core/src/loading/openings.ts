import { isWrittenOff } from '../memory/failing.js';
import type { Fleet, Request } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Ledger } from '../memory/ledger.js';
import type { Instant } from '../fleet/model.js';
import { routableReplicas } from '../learned/routes.js';
import type { Server } from '../fleet/server.js';
import { Opens, type RoomAt } from './opens.js';
import { presentCopies, type Want } from '../demand/wants.js';

/** When there could be room for what is wanted. */
interface Opening extends RoomAt {
  readonly want: Want;
}

/** For each model of which no copy is on its way: when there could be room for one, where that can be told. */
export type Openings = ReadonlyMap<ModelId, Opening>;

/** The wants whose models have waiting or expired requests: only those requests are told when there is room. */
export function awaitedAmong(
  { waiting }: Readonly<Fleet>,
  wants: readonly Want[],
  expired: readonly Request[] = [],
): readonly Want[] {
  if (wants.length === 0 || waiting.size + expired.length === 0) return [];
  const awaited = new Set<ModelId>();
  for (const { model } of waiting.values()) awaited.add(model);
  for (const { model } of expired) awaited.add(model);
  return wants.filter(({ model }) => awaited.has(model.id));
}

/** Works out the openings for wants that found no place. */
export function openingsFor(
  fleet: Fleet,
  unplaced: readonly Want[],
  open: readonly Server[],
  ledger: Ledger,
  now: Instant,
): Openings {
  const openings = new Map<ModelId, Opening>();
  const opens = new Opens(fleet, open, ledger, now);
  for (const want of unplaced) {
    if (!isAbsent(fleet, want.model.id, now)) continue;
    const found = opens.for(want);
    if (found) openings.set(want.model.id, { want, ...found });
  }
  return openings;
}

/** Nor is there one that only fails, to which routes are given all the same. */
const isAbsent = (fleet: Fleet, model: ModelId, now: Instant): boolean =>
  presentCopies(fleet, model, now) === 0 &&
  !routableReplicas(fleet, model).some((replica) => isWrittenOff(fleet, replica));
