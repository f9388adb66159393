import type { DeclarationChange, StoredAlert } from '#engine';
import { oldestKeys } from '../../admin/idempotency/oldest-keys.js';

const DAY = 24 * 3_600_000;
const KEPT_MS = 30 * DAY;
/** Silence of so long ends an episode. */
const SILENCE_MS = DAY;
const RENEWED_MS = 3_600_000;
const MAX_KEPT = 10_000;

export type Holds = NonNullable<StoredAlert['holds']>;

/** When an episode was heard last, and all episodes that hold the same. */
interface Known {
  readonly episodes: Map<string, StoredAlert>;
  /** When each was heard last, in milliseconds since 1970, where that is later than what is stored. */
  readonly heardAt: Map<string, number>;
  readonly holders: Map<string, Set<string>>;
}

/**
 * The episodes of alerts by fingerprint, in memory: an alert is one from when it is heard first until it is resolved. One of
 * which nothing was heard for a day is over when its alert fires again; after 30 days it is forgotten, and the ones heard least
 * recently are where there are more than 10,000.
 */
export class FiringAlerts {
  /** The one heard least recently is first. */
  private readonly known: Known = { episodes: new Map(), heardAt: new Map(), holders: new Map() };
  /** What earlier versions stored under a fingerprint and a start is to be stored under the fingerprint. */
  private readonly toRename: Set<string>;

  constructor(told: ReadonlyMap<string, StoredAlert>) {
    const inOrder = [...told].sort(([, one], [, other]) => (one.heardAt < other.heardAt ? -1 : 1));
    for (const [key, value] of inOrder) put(this.known, key.split('-')[0]!, value);
    this.toRename = new Set([...told.keys()].filter((key) => key.includes('-')));
  }

  get size(): number {
    return this.known.episodes.size;
  }

  /** What a body would change. Nothing is changed until `follow`. `now` is in milliseconds since 1970. */
  draft(now: number): EpisodeDraft {
    return new EpisodeDraft(this.known, now);
  }

  /** Follows what was stored. */
  follow(changes: readonly DeclarationChange[]): void {
    for (const change of changes) {
      if (change.kind !== 'episode') continue;
      put(this.known, change.key, change.value);
      this.toRename.delete(change.key);
    }
  }

  /** What need not be kept any longer. */
  overdue(now: number): readonly DeclarationChange[] {
    const { episodes } = this.known;
    const over = [...episodes].filter(([, { heardAt }]) => Date.parse(heardAt) + KEPT_MS <= now);
    const names = Array.from(this.toRename, (key) => key.split('-')[0]!);
    const renamed = [...new Set(names)].flatMap((key) => {
      const value = episodes.get(key);
      return value === undefined ? [] : [[key, value] as const];
    });
    const removed = [...this.toRename, ...over.map(([key]) => key)].map((key) => [key, null] as const);
    return [...renamed, ...removed].map(([key, value]) => ({ kind: 'episode', key, value }));
  }
}

/** Episodes as they are once a body has been heard, beside those that are stored. */
export class EpisodeDraft {
  private readonly changed = new Map<string, StoredAlert | null>();
  /** The episodes that hold the same, of what a change was about. */
  private readonly holders = new Map<string, Set<string>>();

  constructor(
    private readonly known: Known,
    private readonly now: number,
  ) {}

  get(key: string): StoredAlert | undefined {
    const changed = this.changed.get(key);
    return changed === undefined ? this.known.episodes.get(key) : (changed ?? undefined);
  }

  set(key: string, value: Omit<StoredAlert, 'heardAt'>): void {
    this.change(key, { ...value, heardAt: new Date(this.now).toISOString() });
  }

  /** The episode that a firing alert goes on with. */
  current(key: string): StoredAlert | undefined {
    const episode = this.get(key);
    if (episode === undefined) return undefined;
    const heardAt = Math.max(Date.parse(episode.heardAt), this.known.heardAt.get(key) ?? 0);
    return heardAt + SILENCE_MS <= this.now ? undefined : episode;
  }

  /** Notes that the alert still fires: it is stored once an hour, so that few repeats cost a write. */
  hear(key: string): void {
    this.known.heardAt.set(key, this.now);
    const episode = this.get(key);
    if (episode && Date.parse(episode.heardAt) + RENEWED_MS <= this.now) this.set(key, episode);
  }

  end(key: string): void {
    this.change(key, null);
  }

  /** The keys of the episodes that hold the same. */
  holdersOf(holds: Holds): ReadonlySet<string> {
    return this.ownHolders(holds);
  }

  private change(key: string, value: StoredAlert | null): void {
    const before = this.get(key)?.holds ?? null;
    if (before !== null) this.ownHolders(before).delete(key);
    const holds = value?.holds ?? null;
    if (holds !== null) this.ownHolders(holds).add(key);
    this.changed.set(key, value);
  }

  private ownHolders(holds: Holds): Set<string> {
    const name = nameOf(holds);
    const own = this.holders.get(name) ?? new Set(this.known.holders.get(name));
    this.holders.set(name, own);
    return own;
  }

  /** What has to be stored, and how many episodes have to go early for it. */
  changes(): { readonly changes: readonly DeclarationChange[]; readonly dropped: number } {
    const { episodes } = this.known;
    const changed = [...this.changed].filter(([key, value]) => value !== null || episodes.has(key));
    const ended = changed.filter(([, value]) => value === null).length;
    const added = changed.filter(([key, value]) => value !== null && !episodes.has(key)).length;
    const dropped = oldestKeys(episodes, episodes.size - ended + added - MAX_KEPT, this.changed);
    const changes = [...dropped.map((key) => [key, null] as const), ...changed];
    return {
      changes: changes.map(([key, value]) => ({ kind: 'episode', key, value })),
      dropped: dropped.length,
    };
  }
}

/** Replaces an episode, or removes it with null. */
function put({ episodes, heardAt, holders }: Known, key: string, value: StoredAlert | null): void {
  const before = episodes.get(key)?.holds;
  if (before) {
    const name = nameOf(before);
    holders.get(name)?.delete(key);
    if (holders.get(name)?.size === 0) holders.delete(name);
  }
  episodes.delete(key);
  heardAt.delete(key);
  if (value === null) return;
  episodes.set(key, value);
  if (value.holds === null) return;
  const name = nameOf(value.holds);
  const keys = holders.get(name);
  if (keys) keys.add(key);
  else holders.set(name, new Set([key]));
}

const nameOf = ({ kind, name, revision }: Holds): string => `${kind} ${name} ${revision}`;
