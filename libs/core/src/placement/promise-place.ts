import { type Fleet, put } from '../fleet/fleet.js';
import { replicaId } from '../fleet/ids.js';
import { bookingsFor } from '../memory/footprint.js';
import type { Instant, Model } from '../fleet/model.js';
import { BY_ORDER, type LoadCause } from '../fleet/replica.js';
import { carrier, devicesOfStep, type Place } from '../room/places.js';

/** Promises a place to a model and to all that it brings along. */
export function promisePlace(
  fleet: Fleet,
  place: Place,
  { model, cause }: { readonly model: Model; readonly cause: LoadCause },
  now: Instant,
): void {
  const { server, devices, brings } = place;
  if (BY_ORDER.has(cause)) server.orderedPlaceAt = now;
  if (place.grows) {
    const { bookings, grows } = place;
    put(fleet, {
      ...grows,
      change: { order: null, orderedAt: now, devices, bookings, endedAt: null, answered: false, cause },
    });
    return;
  }
  for (const id of [...brings, model.id]) {
    const held = id === model.id ? devices : devicesOfStep(fleet, server, id, devices);
    put(fleet, {
      id: replicaId(id, server.spec.id),
      model: id,
      server: server.spec.id,
      devices: held,
      bookings: bookingsFor(fleet, server, id, held),
      since: now,
      stranger: false,
      phase: 'placed',
      carriedBy: id === model.id ? null : carrier(fleet, server, model.id, id),
      cause: id === model.id ? cause : 'brought',
    });
  }
}
