import type { Bytes, Instant, Millis, ServerId } from '#core';
import type { Truth } from '../virtual-memory.js';

const GIB = 2 ** 30;
/** One in so many models is not what it seems. */
const ODD_ONE_OF = 10;
const ODD = 5;

const isOdd = (model: string): boolean => Number(model.slice(1)) % ODD_ONE_OF === ODD;

/** Some models take so many times what is declared. */
export const withLiars = (truth: Truth, times: number, declared: (model: string) => Bytes): Truth => ({
  ...truth,
  takes: (model) => (isOdd(model) ? Math.round(declared(model) * times) : truth.takes(model)),
});

/** The backends of some models keep a share of their memory. */
export const withKeepers = (truth: Truth, share: number): Truth => ({
  ...truth,
  keeps: (model) => (isOdd(model) ? Math.round(truth.takes(model) * share) : 0),
});

/** A process that comes again and again, each time to the next of the GPUs. */
export interface Visits {
  readonly gib: number;
  readonly every: Millis;
  readonly stays: Millis;
  readonly from: Instant;
  readonly until: Instant;
}

/** One of the GPUs of the servers `t0`, `t1`, and so on. */
export interface Fleet {
  readonly servers: number;
  readonly gpus: number;
}

/** A stay of a process on a GPU. */
interface Stay {
  readonly from: Instant;
  readonly until: Instant;
  readonly server: ServerId;
  readonly device: number;
}

/** One after another. */
export function staysOf(visits: Visits, fleet: Fleet): readonly Stay[] {
  const stays: Stay[] = [];
  for (let from = visits.from; from < visits.until; from += visits.every) {
    const place = visited(visits, fleet, from);
    if (place) stays.push({ ...place, from, until: Math.min(visits.until, from + visits.stays) });
  }
  return stays;
}

/** Where a process is at a moment; null where it is nowhere. It goes from server to server. */
function visited(
  { every, stays, from, until }: Visits,
  { servers, gpus }: Fleet,
  at: Instant,
): { readonly server: ServerId; readonly device: number } | null {
  if (at < from || at >= until || (at - from) % every >= stays) return null;
  const nth = Math.floor((at - from) / every);
  return { server: `t${nth % servers}` as ServerId, device: Math.floor(nth / servers) % gpus };
}

export const withVisits = (truth: Truth, visits: Visits, fleet: Fleet): Truth => ({
  ...truth,
  others: (server, device, at) => {
    const place = visited(visits, fleet, at);
    return place?.server === server && place.device === device ? visits.gib * GIB : 0;
  },
});

/** The metrics of the first server are silent from then on, for so long. */
export const withSilence = (truth: Truth, from: Instant, lasts: Millis): Truth => ({
  ...truth,
  isSilent: (server, at) => server === 't0' && at >= from && at < from + lasts,
});
