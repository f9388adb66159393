import { createHash } from 'node:crypto';
import { canonical } from '#contracts';
import type { DeclarationChange, StoredHook } from '#engine';
import type { WallClock } from '../../transport/wall-times.js';
import { oldestKeys } from '../../admin/idempotency/oldest-keys.js';

const KEPT_MS = 24 * 3_600_000;
const MAX_KEPT = 10_000;

/** What one call of a webhook says. */
export interface Said {
  /** Ids of different senders never meet. */
  readonly credential: string;
  /** The sender's name for this message; null: it has none. */
  readonly id: string | null;
  /** What it is about, as it was said. */
  readonly subject: unknown;
  /** All that it says, without the id. */
  readonly body: unknown;
}

/** What the messages are kept with. */
export interface WebhookDeduplicatorParts {
  /** The messages in the store, by their keys. */
  readonly given: ReadonlyMap<string, StoredHook>;
  readonly wallNow: WallClock;
  /** Hears how many messages were forgotten before 24 h, to make room for newer ones. */
  readonly onDropped?: (count: number) => void;
}

/**
 * The messages of webhooks that took effect, so that a repeat changes nothing. A message with an id repeats each one with that
 * id, for 24 h. A message without an id repeats the latest word about its subject alone. Each is stored in one batch with its
 * effect.
 */
export class WebhookDeduplicator {
  /** The oldest first. */
  private readonly kept: Map<string, StoredHook>;
  /** The key of the latest word about each server that was told without an id. */
  private readonly latest = new Map<string, string>();

  constructor(private readonly parts: WebhookDeduplicatorParts) {
    const oldestFirst = [...parts.given].sort(([, one], [, other]) => timeOf(one) - timeOf(other));
    this.kept = new Map();
    for (const [key, value] of oldestFirst) this.keep(key, value);
  }

  /** Whether the same was said before. */
  isRepeat(said: Said): boolean {
    const known = this.kept.get(keyOf(said));
    if (known === undefined || this.isOver(known)) return false;
    return said.id !== null || known.word?.hash === sha256(said.body);
  }

  /** What has to be stored with the effect of a message about these servers. Older words about one of them are no longer the latest. */
  changesFor(said: Said, servers: readonly string[]): readonly DeclarationChange[] {
    const key = keyOf(said);
    const at = new Date(this.parts.wallNow()).toISOString();
    const word = said.id === null ? { hash: sha256(said.body), servers } : null;
    const stale = new Set(servers.flatMap((server) => this.latest.get(server) ?? []));
    stale.delete(key);
    const left = this.kept.size - stale.size - (this.kept.has(key) ? 1 : 0);
    return [
      ...[...stale, ...oldestKeys(this.kept, left + 1 - MAX_KEPT, stale)].map(removed),
      { kind: 'hook', key, value: { at, word } },
    ];
  }

  /** Forgets the latest word about a server that was told without an id. */
  withoutWord(server: string): readonly DeclarationChange[] {
    const key = this.latest.get(server);
    return key === undefined ? [] : [removed(key)];
  }

  /** Follows what was stored. */
  follow(changes: readonly DeclarationChange[]): void {
    let dropped = 0;
    for (const change of changes) {
      if (change.kind !== 'hook') continue;
      const before = this.drop(change.key);
      if (change.value !== null) this.keep(change.key, change.value);
      else if (before?.word === null && !this.isOver(before)) dropped += 1;
    }
    if (dropped > 0) this.parts.onDropped?.(dropped);
  }

  /** What need not be kept any longer. */
  overdue(): readonly DeclarationChange[] {
    return [...this.kept].filter(([, value]) => this.isOver(value)).map(([key]) => removed(key));
  }

  private keep(key: string, value: StoredHook): void {
    this.kept.set(key, value);
    for (const server of value.word?.servers ?? []) this.latest.set(server, key);
  }

  private drop(key: string): StoredHook | undefined {
    const before = this.kept.get(key);
    this.kept.delete(key);
    for (const server of before?.word?.servers ?? [])
      if (this.latest.get(server) === key) this.latest.delete(server);
    return before;
  }

  private isOver({ at }: StoredHook): boolean {
    return Date.parse(at) + KEPT_MS <= this.parts.wallNow();
  }
}

const timeOf = ({ at }: StoredHook): number => Date.parse(at);

const removed = (key: string): DeclarationChange => ({ kind: 'hook', key, value: null });

/** Of one length, however long an id or a subject is. */
const keyOf = ({ credential, id, subject }: Said): string =>
  id === null ? `word-${sha256(subject)}` : `id-${sha256([credential, id])}`;

const sha256 = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex');
