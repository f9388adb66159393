import type { Now } from '../numbers/now.js';
import type { EventOf } from '../fleet/events.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { bytesToLoad, loadForecast, setPace } from '../learned/load-forecast.js';
import { learnPace, learnTime, usualDeviation } from '../learned/load-times.js';
import type { Millis } from '../fleet/model.js';
import type { Loading } from '../fleet/replica.js';

/** Learns from a load that succeeded. The pace is not learned from a composed model: what came up with it is unknown. */
export function noteLoadTime(fleet: Fleet, { model, server: id }: Loading, took: Millis, now: Now): void {
  const server = fleet.servers.get(id);
  if (!server || !fleet.models.has(model)) return;
  if (took > loadForecast(fleet, model, id).p90) server.lateLoadAt = now.stamp;
  const known = fleet.loadTimes.get(model);
  const usual = known ? undefined : usualDeviation(fleet.loadTimes.values());
  fleet.loadTimes.set(model, learnTime(known, took, usual));
  server.loadTimes.set(model, learnTime(server.loadTimes.get(model), took));
  if (fleet.composed.has(model)) return;
  const pace = learnPace(server.loadPace ?? undefined, took, bytesToLoad(fleet, model, server));
  setPace(fleet, server, pace);
}

/** Takes up what earlier processes of Berth learned of a model's loads, but not those on servers that are gone. */
export function rememberLoadTimes(
  fleet: Fleet,
  { model, anywhere, on }: EventOf<'LoadTimesRemembered'>,
): void {
  fleet.loadTimes.set(model, anywhere);
  for (const { server, times } of on) fleet.servers.get(server)?.loadTimes.set(model, times);
}

export function rememberLoadPace(fleet: Fleet, { server: id, pace }: EventOf<'LoadPaceRemembered'>): void {
  const server = fleet.servers.get(id);
  if (server) setPace(fleet, server, pace);
}

/** Forgets how long loads of a model take. */
export function forgetLoadTimes(fleet: Fleet, model: ModelId): void {
  fleet.loadTimes.delete(model);
  for (const server of fleet.servers.values()) server.loadTimes.delete(model);
}
