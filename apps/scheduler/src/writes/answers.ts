import { createHash } from 'node:crypto';
import type { ToldAnswer, ToldChange } from '#engine';
import { canonical, isDeeperThan } from '../canonical.js';
import { Refused } from '../errors/refused.js';
import type { WallClock } from '../wall-times.js';
import type { Caller } from './caller.js';

const KEPT_MS = 24 * 3_600_000;
const MOST_KEPT = 10_000;
/** No body that is accepted is nested deeper. */
const DEEPEST = 100;

/** A write as it was asked for. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly caller: Caller;
}

/** The answers given to writes with an Idempotency-Key: the same write again gets the same answer and changes nothing. */
export class Answers {
  private readonly kept: Map<string, ToldAnswer>;

  constructor(
    told: ReadonlyMap<string, ToldAnswer>,
    private readonly wallNow: WallClock,
  ) {
    this.kept = new Map([...told].sort(([, one], [, other]) => (one.at < other.at ? -1 : 1)));
  }

  /** The answer given before; refuses where the key was used for another body. */
  find(operation: Operation): ToldAnswer | undefined {
    const key = keyOf(operation);
    const answer = key === null ? undefined : this.kept.get(key);
    if (answer === undefined || this.isOver(answer)) return undefined;
    if (answer.bodyHash === hashOf(operation.body)) return answer;
    throw new Refused({
      reason: 'idempotency_key_reused',
      detail: 'this Idempotency-Key was used with another body before',
    });
  }

  /** What has to be stored so that the answer can be given again. */
  changesFor(operation: Operation, status: number, body: unknown): readonly ToldChange[] {
    const key = keyOf(operation);
    if (key === null) return [];
    const at = new Date(this.wallNow()).toISOString();
    const value = { at, bodyHash: hashOf(operation.body), status, body: body ?? null };
    return [...this.oldest(this.kept.size + 1 - MOST_KEPT), { kind: 'answer', key, value }];
  }

  /** Follows what was stored. */
  follow(changes: readonly ToldChange[]): void {
    for (const change of changes) {
      if (change.kind !== 'answer') continue;
      this.kept.delete(change.key);
      if (change.value !== null) this.kept.set(change.key, change.value);
    }
  }

  /** What need not be kept any longer. */
  overdue(): readonly ToldChange[] {
    const over = [...this.kept].filter(([, answer]) => this.isOver(answer));
    return over.map(([key]) => ({ kind: 'answer', key, value: null }));
  }

  private oldest(count: number): ToldChange[] {
    const keys = [...this.kept.keys()].slice(0, Math.max(0, count));
    return keys.map((key) => ({ kind: 'answer', key, value: null }));
  }

  private isOver({ at }: ToldAnswer): boolean {
    return Date.parse(at) + KEPT_MS <= this.wallNow();
  }
}

function keyOf({ method, path, caller }: Operation): string | null {
  const { credential, idempotencyKey } = caller;
  return idempotencyKey === null ? null : `${credential} ${method} ${path} ${idempotencyKey}`;
}

/** Key order has no meaning: gRPC clients send maps in any. What is nested too deep was never accepted. */
function hashOf(body: unknown): string {
  if (isDeeperThan(DEEPEST, body)) return 'nested too deep';
  return createHash('sha256')
    .update(canonical(body ?? null))
    .digest('hex');
}
