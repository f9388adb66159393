import type { Fleet } from '../fleet.js';
import { Ledger } from '../ledger.js';
import type { Instant, Millis } from '../model.js';
import type { Loading, Ready } from '../replica.js';

/** How long nothing that did not fit is tried on a device that nobody measures: as long as the longest wait after a failed load. */
const UNMEASURED: Millis = 60_000;

/**
 * A load ran out of memory, and is still booked. On each of its devices where the books have room all the same, somebody
 * else has more than is counted. The same model again is no news of a device that nobody measures: it may take more than
 * it is booked with.
 */
export function noteShortfall(fleet: Fleet, replica: Loading | Ready, now: Instant): void {
  const ledger = new Ledger(fleet, now);
  const { id, model, server } = replica;
  for (const { ordinal, account, used } of fleet.servers.get(server)?.devices ?? []) {
    const { capacity, held } = ledger.of(account);
    const isNews = used !== null || !fleet.cooldowns.has(id);
    if (!devicesOf(replica).includes(ordinal) || held > capacity || !isNews) continue;
    const bytes = capacity - held + 1;
    fleet.shortfalls.set(account, { at: now, replica: id, model, server, bytes, until: now + UNMEASURED });
  }
}

/** Onto which devices it was loaded. */
const devicesOf = (replica: Loading | Ready): readonly number[] =>
  replica.phase === 'ready' ? (replica.change?.devices ?? []) : replica.devices;
