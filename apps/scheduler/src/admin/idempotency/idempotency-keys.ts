import { createHash } from 'node:crypto';
import { canonical, isDeeperThan } from '#contracts';
import type { Declarations, StoredAnswer, DeclarationChange } from '#engine';
import { Refused } from '../../transport/errors/refused.js';
import type { WallClock } from '../../transport/wall-times.js';
import type { Caller } from '../../transport/access/caller.js';
import { oldestKeys } from './oldest-keys.js';

const KEPT_MS = 24 * 3_600_000;
const MAX_KEPT = 10_000;
/** No body that is accepted is nested deeper. */
const DEEPEST = 100;

/** What the first answer told beside its body: a replay tells the same. */
export type FirstAnswer = Pick<StoredAnswer, 'status' | 'revision' | 'state'>;

/** What is asked for, and by which caller. */
export interface AskedFor {
  readonly method: string;
  readonly path: string;
  readonly caller: Caller;
}

/** A write as it was asked for. */
export interface Operation<Body = unknown> extends AskedFor {
  readonly body: unknown;
  /** The thing as it is now: what a replay shows. Refuses where it is gone. */
  present(first: FirstAnswer): Body;
}

/** The store of the answers, and what hears how many of them were dropped before their time. */
export interface AnswerParts {
  readonly store: Pick<Declarations, 'answer'>;
  /** When each answer in the store was given, by its key. */
  readonly given: ReadonlyMap<string, string>;
  readonly wallNow: WallClock;
  readonly onDropped?: (count: number) => void;
}

/**
 * The answers given to writes with an Idempotency-Key: the same write again is answered the same and changes nothing. They are
 * in the store; in memory are their keys and times alone.
 */
export class IdempotencyKeys {
  /** The oldest first. */
  private readonly given: Map<string, number>;

  constructor(private readonly parts: AnswerParts) {
    const times = Array.from(parts.given, ([key, at]) => [key, Date.parse(at)] as const);
    this.given = new Map(times.sort(([, one], [, other]) => one - other));
  }

  /** Whether an answer was given under the key of this write. */
  has(operation: AskedFor): boolean {
    return this.keyGiven(operation) !== null;
  }

  /** What was answered before; refuses where the key was used for another body. */
  async find(operation: Operation): Promise<StoredAnswer | undefined> {
    const key = this.keyGiven(operation);
    if (key === null) return undefined;
    const answer = await this.parts.store.answer(key);
    if (answer === undefined || answer.bodyHash === hashOf(operation.body)) return answer;
    throw new Refused({
      reason: 'idempotency_key_reused',
      detail: 'this Idempotency-Key was used with another body before',
    });
  }

  /** The changes that keep an answer, so that a repeat of the write gets the same. */
  changesFor(operation: Operation, first: FirstAnswer): readonly DeclarationChange[] {
    const key = keyOf(operation);
    if (key === null) return [];
    const change = changeOf(operation, key, this.parts.wallNow(), first);
    const tooMany = this.given.has(key) ? 0 : this.given.size + 1 - MAX_KEPT;
    return [...oldestKeys(this.given, tooMany).map(removed), change];
  }

  /** The same with the answer that was given in the end; none where the answer is not kept any more. */
  amendments(operation: Operation, first: FirstAnswer): readonly DeclarationChange[] {
    const key = keyOf(operation);
    const at = key === null ? undefined : this.given.get(key);
    return key === null || at === undefined ? [] : [changeOf(operation, key, at, first)];
  }

  /** Follows what was stored. */
  follow(changes: readonly DeclarationChange[]): void {
    let dropped = 0;
    for (const change of changes) {
      if (change.kind !== 'answer') continue;
      const { key, value } = change;
      const before = this.given.get(key);
      const at = value === null ? undefined : Date.parse(value.at);
      if (at !== before) this.given.delete(key);
      if (at !== undefined) this.given.set(key, at);
      else if (before !== undefined && !this.isOver(before)) dropped += 1;
    }
    if (dropped > 0) this.parts.onDropped?.(dropped);
  }

  /** What need not be kept any longer. */
  overdue(): readonly DeclarationChange[] {
    const over = [...this.given].filter(([, at]) => this.isOver(at));
    return over.map(([key]) => removed(key));
  }

  private keyGiven(operation: AskedFor): string | null {
    const key = keyOf(operation);
    const at = key === null ? undefined : this.given.get(key);
    return at === undefined || this.isOver(at) ? null : key;
  }

  private isOver(at: number): boolean {
    return at + KEPT_MS <= this.parts.wallNow();
  }
}

/** The status, revision and state of an answer. `said` is the state where the body does not tell it. */
export function firstOf(status: number, body: unknown, said?: string): FirstAnswer {
  const { revision = null, state = null } = (body ?? {}) as { revision?: string; state?: string };
  return { status, revision, state: said ?? state };
}

/** A thing as it is now, but with the revision and the state of the first answer, where it has these keys. */
export function asFirstTold<Body>(body: Body, { revision, state }: FirstAnswer): Body {
  if (typeof body !== 'object' || body === null) return body;
  const told = Object.entries({ revision, state }).filter(([key, text]) => text !== null && key in body);
  return { ...body, ...Object.fromEntries(told) };
}

function changeOf(
  { body }: Operation,
  key: string,
  at: number,
  { status, revision, state }: FirstAnswer,
): DeclarationChange {
  const value = { at: new Date(at).toISOString(), bodyHash: hashOf(body), status, revision, state };
  return { kind: 'answer', key, value };
}

const removed = (key: string): DeclarationChange => ({ kind: 'answer', key, value: null });

function keyOf({ method, path, caller }: AskedFor): string | null {
  const { credential, idempotencyKey } = caller;
  return idempotencyKey === null ? null : `${credential} ${method} ${path} ${idempotencyKey}`;
}

/** The order of keys means nothing: gRPC clients send maps in any order. A body that is nested too deep was never accepted. */
function hashOf(body: unknown): string {
  if (isDeeperThan(DEEPEST, body)) return 'nested too deep';
  return createHash('sha256')
    .update(canonical(body ?? null))
    .digest('hex');
}
