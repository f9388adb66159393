import type {
  Hold,
  Instant,
  Millis,
  Why,
  WhyClosed,
  WhyDevice,
  WhyHere,
  WhyHolder,
  WhyMemory,
  WhyThere,
} from '#core';
import type { ClosedMessage } from './device.js';
import type { ExplanationMessage, HoldMessage, VictimMessage } from './explanation.js';

type Told = ExplanationMessage;

/** How instants are told. */
interface Times {
  told(instant: Instant): string;
  toldOrNull(instant: Instant | null): string | null;
}

/** How many of the copies that hold a memory are told, and of all memories together. */
const MAX_VICTIMS = 20;
const MAX_IN_ALL = 2_000;

/** Why a model is where it is, as it is told. `declared`: what the core does not know of it. */
export function explanationView<Declared extends { readonly source: string; readonly enabled: boolean }>(
  why: Why,
  declared: Declared,
  times: Times,
): Omit<Told, 'source' | 'lines'> & Declared {
  const { demand, lastFailure, lastUnload } = why;
  const memories = why.there.reduce((sum, { devices }) => sum + devices.length + 1, 0);
  const telling = { times, most: Math.max(1, Math.min(MAX_VICTIMS, Math.floor(MAX_IN_ALL / memories))) };
  return {
    model: why.model,
    ...declared,
    state: why.state,
    pinnedCopies: demand.pinnedCopies,
    presentCopies: demand.presentCopies,
    waiting: demand.waiting.length,
    lackingSince: times.toldOrNull(demand.lacksSince),
    orderedUntil: times.toldOrNull(demand.bestEffort && demand.bestEffort.until),
    progress: demand.wait && {
      phase: demand.wait.phase,
      etaMs: demand.wait.eta === null ? null : millis(demand.wait.eta.p50),
      position: demand.wait.position,
    },
    predictedWaitMs: why.predictedWait === null ? null : millis(why.predictedWait),
    refusal: why.refusal,
    copies: why.here.map((here) => copyView(here, times)),
    servers: why.there.map((there) => serverView(there, telling)),
    devices: why.there.flatMap((there) => there.devices.map((device) => deviceView(there, device, telling))),
    lastFailure: lastFailure && { at: times.told(lastFailure.at), cause: lastFailure.cause },
    nextTryAt: times.toldOrNull(why.nextTryAt),
    lastUnload: lastUnload && {
      at: times.told(lastUnload.at),
      reason: lastUnload.cause,
      for: lastUnload.makesRoomFor,
    },
  };
}

/** How it is told: by which clocks, and how many victims of each memory. */
interface Telling {
  readonly times: Times;
  readonly most: number;
}

/** Whole milliseconds, as far as 32 bits go. */
const millis = (span: Millis): number => Math.min(Math.ceil(span), 2 ** 32 - 1);

function copyView(here: WhyHere, times: Times): Told['copies'][number] {
  const { server, devices, phase, since, until, bookings, flags, holds, leaving, failures } = here;
  const gpus = bookings.filter(({ account }) => account.startsWith('gpu:'));
  const most = Math.max(0, ...(gpus.length > 0 ? gpus : bookings).map(({ bytes }) => bytes));
  return {
    server,
    devices: [...devices],
    phase,
    since: times.told(since),
    until: times.toldOrNull(until),
    memoryMb: mib(most),
    flags: [...flags],
    holds: holds.map((hold) => holdView(hold, times)),
    leaving: leaving && { reason: leaving.cause, for: leaving.makesRoomFor },
    failures,
  };
}

function serverView(there: WhyThere, telling: Telling): Told['servers'][number] {
  const { server, standing, isDrained, verdict, until, cooldown, places, host, flags } = there;
  const chosen = new Set(places.flatMap(({ victims }) => victims ?? []));
  return {
    server,
    state: isDrained && standing === 'ready' ? 'draining' : standing,
    verdict,
    until: telling.times.toldOrNull(until),
    cooldown: cooldown && { ...cooldown, until: telling.times.toldOrNull(cooldown.until) },
    host: Number.isFinite(host.capacity) ? memoryView(host, chosen, telling) : null,
    flags: [...flags],
  };
}

function deviceView(
  { server }: WhyThere,
  { ordinal, kind, verdict, until, place, memory, flags, closed }: WhyDevice,
  telling: Telling,
): Told['devices'][number] {
  return {
    ...{ server, ordinal, kind, verdict },
    until: telling.times.toldOrNull(until),
    together: [...(place?.devices ?? [])],
    brings: [...(place?.coLoaded ?? [])],
    flags: [...flags],
    closed: closedView(closed, telling.times),
    ...memoryView(memory, new Set(place?.victims), telling),
  };
}

function memoryView(memory: WhyMemory, chosen: ReadonlySet<string>, { times, most }: Telling) {
  const { needs, capacity, held, promised, leaving, free, spare, foreign, residue, holders } = memory;
  const isLimited = Number.isFinite(capacity);
  // A copy that would leave is told even where others hold more.
  const shown = holders.filter(({ replica }, at) => at < most || chosen.has(replica));
  return {
    needsMb: needs === null ? null : mib(needs),
    capacityMb: isLimited ? mib(capacity) : null,
    heldMb: mib(held),
    promisedMb: mib(promised),
    leavingMb: mib(leaving),
    freeMb: isLimited ? Math.max(0, mib(free)) : null,
    shortMb: isLimited ? Math.max(0, Math.ceil(((needs ?? 0) - spare) / 2 ** 20)) : 0,
    foreignMb: foreign === null ? null : mib(foreign),
    residueMb: mib(residue),
    victims: shown.map((holder) => victimView(holder, chosen, times)),
    victimsLeftOut: holders.length - shown.length,
  };
}

function victimView(
  { replica, model, server, phase, bytes, holds }: WhyHolder,
  chosen: ReadonlySet<string>,
  times: Times,
): VictimMessage {
  return {
    model,
    server,
    phase,
    memoryMb: mib(bytes),
    chosen: chosen.has(replica),
    holds: holds.map((hold) => holdView(hold, times)),
  };
}

/** The core's `partsOf` would bring the whole core into the client. */
function holdView(hold: Hold, times: Times): HoldMessage {
  const until = 'until' in hold ? times.toldOrNull(hold.until) : null;
  const by = 'by' in hold ? hold.by.map((replica) => replica.slice(0, replica.lastIndexOf('@'))) : [];
  const { phase, class: rank } = hold as { readonly phase?: string; readonly class?: string };
  return { reason: hold.kind, until, by, detail: phase ?? rank ?? null };
}

/** Why nothing is loaded onto a device, as it is told; null where it is open. */
export const closedView = (closed: WhyClosed | null, times: Times): ClosedMessage | null =>
  closed && {
    since: times.told(closed.since),
    because: closed.because,
    until: times.toldOrNull(closed.until),
  };

const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
