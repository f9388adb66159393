import type { Bytes, Fleet } from '#core';
import type { Asked } from '#triton-simulator';
import { accountAt, bookedAt, bytesOn } from './books.js';
import type { Site } from './site.js';

/** Told after every step of the world. */
export const noteSurprises = (site: Site, fleet: Fleet): void =>
  site.surprises.note(
    site.sim,
    site.planned.setup.options.baselineBytes,
    (model, ordinal) => bookedAt(fleet, site.id, model, ordinal),
    site.timers.now(),
  );

/**
 * Whether a load may run out of memory, for what Berth could not know: once where the GPU is measured, else (hosts, GPUs
 * without metrics, or of which nothing tells which is which) for as long as it lasts.
 */
export function isExcused(site: Site, asked: Asked, fleet: Fleet): boolean {
  const { sim, surprises, decided, id } = site;
  const { model, place } = asked;
  const books = decided.get(model) ?? { at: Infinity, booked: new Map(), cause: undefined };
  const booked = (name: string): Bytes => bookedAt(fleet, id, name, place);
  const account = accountAt(fleet, id, place);
  // What was learned of it since then was not known as the load was decided.
  const own = bytesOn(books.booked.get(model) ?? [], account) || booked(model);
  books.cause = surprises.causeOf(sim, asked, { at: books.at, own, booked }, site.timers.now());
  const isMeasured = (fleet.servers.get(id)?.devices ?? []).some(
    (device) => device.ordinal === place && device.used !== null,
  );
  return books.cause !== undefined || (!isMeasured && surprises.isThere(sim, asked, booked));
}

export const unexcused = (server: string, { model, place }: Asked): string =>
  `${model}@${server} ran out of memory on ${place} without a cause`;
