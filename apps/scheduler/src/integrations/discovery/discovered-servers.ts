import { isDeepStrictEqual } from 'node:util';
import { type DiscoveryConfig, parseAddress, type ServerConfig } from '#config';
import type { Instant } from '#core';
import type { FoundServer } from '../../admin/servers/registry.js';
import { readPlace, serverAt, serverIdAt } from './found-server.js';
import type { Place } from './dns-resolver.js';
import { afterAnswer, allLeaving, isMostMissing, type Presence } from './presence.js';

/** Bound of found servers, those that leave included. */
const MAX_FOUND = 1_000;

/** What is known of one name. */
interface Name {
  readonly entry: DiscoveryConfig;
  readonly presences: ReadonlyMap<string, Presence>;
  readonly configs: ReadonlyMap<string, ServerConfig>;
  /** Null: it was never answered. */
  readonly answeredSince: Instant | null;
  /** Places of the last answer that are no servers here: beyond the bound, or malformed. */
  readonly leftOut: number;
}

/** What an answer changed: ids of servers, each list sorted. */
export interface Change {
  /** New, or back. */
  readonly found: readonly string[];
  readonly missing: readonly string[];
  readonly leaving: readonly string[];
  /** Whether more than half are missing. */
  readonly isMost: boolean;
  readonly leftOut: number;
}

/** How many servers were found, by how they stand. */
export type Counts = Readonly<Record<Presence['kind'], number>>;

/**
 * Which servers there are by the answers of DNS: answers in, servers wanted and leaving out. It has no clock and asks nothing.
 * An answer that did not come is not told here, so that nothing follows from it.
 */
export class DiscoveredServers {
  private names = new Map<string, Name>();
  /** Names that are asked no more, as long as servers of theirs leave. */
  private dropped: readonly Name[] = [];

  constructor(private readonly most = MAX_FOUND) {}

  /** Takes up other entries. What a name that stays has found stays; servers of a name that is gone leave. */
  configure(entries: readonly DiscoveryConfig[]): void {
    const before = this.names;
    this.names = new Map(
      entries.map((entry) => [keyOf(entry), reconfigured(entry, before.get(keyOf(entry)))]),
    );
    const gone = [...before].filter(([key]) => !this.names.has(key)).map(([, name]) => name);
    this.dropped = [
      ...this.dropped,
      ...gone.map((name) => ({ ...name, presences: allLeaving(name.presences) })),
    ];
  }

  /** Takes up an answer. One for a name that is asked no more says nothing. */
  answered(entry: DiscoveryConfig, places: readonly Place[], now: Instant): Change {
    const before = this.names.get(keyOf(entry));
    if (before === undefined) return NO_CHANGE;
    const read = new Map(places.flatMap((place) => withId(readPlace(place))));
    const taken = this.withinBound(read);
    const configs = new Map(before.configs);
    for (const [id, place] of taken) if (!configs.has(id)) configs.set(id, serverAt(place, before.entry));
    const answered = new Set(taken.keys());
    const after = afterAnswer(before.presences, answered, before.entry.leaveSeconds * 1_000, now);
    const presences = new Map(
      [...after].filter(([id, { kind }]) => kind !== 'leaving' || !this.isElsewhere(id, before)),
    );
    const leftOut = read.size - taken.size + places.filter(isMalformed).length;
    const answeredSince = before.answeredSince ?? now;
    this.names.set(keyOf(entry), { entry: before.entry, presences, configs, answeredSince, leftOut });
    const isMost = isMostMissing(before.presences, answered);
    return { ...changeOf(before.presences, presences), isMost, leftOut };
  }

  /** Forgets a server that has left. */
  release(id: string): void {
    for (const [key, name] of this.names) this.names.set(key, without(name, id));
    this.dropped = this.dropped
      .map((name) => without(name, id))
      .filter(({ presences }) => presences.size > 0);
  }

  /** All servers, each once: as the first name says that still has it, else as the first name that lets it go. */
  servers(): FoundServer[] {
    const found = new Map<string, FoundServer>();
    for (const { entry, presences, configs } of [...this.names.values(), ...this.dropped]) {
      for (const [id, { kind }] of presences) {
        const leaveMs = kind === 'leaving' ? entry.leaveSeconds * 1_000 : null;
        const known = found.get(id);
        const isBetter = known === undefined || (known.leaveMs !== null && leaveMs === null);
        if (isBetter) found.set(id, { config: configs.get(id)!, leaveMs });
      }
    }
    return [...found.values()];
  }

  /** Whether a name was never answered: then there may be servers that are not known yet. */
  isIncomplete(): boolean {
    return [...this.names.values()].some(({ answeredSince }) => answeredSince === null);
  }

  /** Whether each name was answered so long ago that a server not found since would have left. */
  isSettled(now: Instant): boolean {
    return [...this.names.values()].every(
      ({ answeredSince, entry }) =>
        answeredSince !== null && now - answeredSince >= entry.leaveSeconds * 1_000,
    );
  }

  counts(): Counts {
    const kinds = new Map<string, Presence['kind']>();
    for (const { presences } of [...this.names.values(), ...this.dropped]) {
      for (const [id, { kind }] of presences) kinds.set(id, nearer(kinds.get(id), kind));
    }
    const count = (kind: Presence['kind']): number =>
      [...kinds.values()].filter((one) => one === kind).length;
    return { present: count('present'), missing: count('missing'), leaving: count('leaving') };
  }

  /** Places that are left out, all names together. */
  leftOut(): number {
    return [...this.names.values()].reduce((sum, { leftOut }) => sum + leftOut, 0);
  }

  /** Whether another name has the server: then it leaves this one at once. */
  private isElsewhere(id: string, here: Name): boolean {
    const others = [...this.names.values()].filter(({ entry }) => entry !== here.entry);
    return others.some(({ presences }) => (presences.get(id)?.kind ?? 'leaving') !== 'leaving');
  }

  /** What is known stays; of the rest so many are taken as there is room for, in the order of their ids. */
  private withinBound(read: ReadonlyMap<string, Place>): ReadonlyMap<string, Place> {
    const known = new Set(
      [...this.names.values(), ...this.dropped].flatMap(({ presences }) => [...presences.keys()]),
    );
    const isNew = ([id]: readonly [string, Place]): boolean => !known.has(id);
    const more = [...read].filter(isNew);
    const room = Math.max(0, this.most - known.size);
    const taken = more.length <= room ? more : more.toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, room);
    return new Map([...[...read].filter((one) => !isNew(one)), ...taken]);
  }
}

const NO_CHANGE: Change = { found: [], missing: [], leaving: [], isMost: false, leftOut: 0 };

const ORDER: readonly Presence['kind'][] = ['present', 'missing', 'leaving'];

/** The state that counts where two names tell of one server. */
const nearer = (one: Presence['kind'] | undefined, other: Presence['kind']): Presence['kind'] =>
  one !== undefined && ORDER.indexOf(one) < ORDER.indexOf(other) ? one : other;

/** What an entry asks for: it is the same entry as long as that stays. */
const keyOf = ({ question }: DiscoveryConfig): string => JSON.stringify(question);

const withId = (place: Place | undefined): [string, Place][] =>
  place === undefined ? [] : [[serverIdAt(place), place]];

/** A record whose target is the root says that there is no service: RFC 2782. */
const isMalformed = (place: Place): boolean =>
  place.host !== '' && place.host !== '.' && readPlace(place) === undefined;

/** The configuration of a server changes only with the entry: the same object means that nothing did. */
function reconfigured(entry: DiscoveryConfig, before: Name | undefined): Name {
  if (before === undefined) {
    return { entry, presences: new Map(), configs: new Map(), answeredSince: null, leftOut: 0 };
  }
  const isSame = isDeepStrictEqual(shown(before.entry), shown(entry));
  if (isSame) return { ...before, entry };
  const configs = new Map([...before.configs].map(([id, { grpc }]) => [id, serverAt(placeOf(grpc), entry)]));
  return { ...before, entry, configs };
}

const shown = ({ http, metrics, labels }: DiscoveryConfig) => ({ http, metrics, labels });

function placeOf(grpc: string): Place {
  const { host, port } = parseAddress(grpc)!;
  return { host, port };
}

function without(name: Name, id: string): Name {
  if (!name.presences.has(id)) return name;
  const rest = <T>(map: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...map].filter(([one]) => one !== id));
  return { ...name, presences: rest(name.presences), configs: rest(name.configs) };
}

function changeOf(
  before: ReadonlyMap<string, Presence>,
  after: ReadonlyMap<string, Presence>,
): Pick<Change, 'found' | 'missing' | 'leaving'> {
  const now = (kind: Presence['kind']): string[] =>
    [...after]
      .filter(([id, one]) => one.kind === kind && before.get(id)?.kind !== kind)
      .map(([id]) => id)
      .toSorted();
  return { found: now('present'), missing: now('missing'), leaving: now('leaving') };
}
