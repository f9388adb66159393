import { setTimeout as sleep } from 'node:timers/promises';
import type { Leader, Leaders } from '#engine';
import type { Counts } from '#telemetry';
import { Refused } from '../../transport/errors/refused.js';
import { type Lifecycle, NO_LEADER, SHUTTING_DOWN } from '../../transport/lifecycle.js';

/** Bounds of calls that are forwarded at a time, and of the bytes of their bodies together. */
const MAX_UNDER_WAY = 5_000;
const MAX_BYTES = 64 * 2 ** 20;

/** After a try in vain the next one comes so much later, in milliseconds; or at once, where another peer leads. */
const FIRST_PAUSE = 25;
const MAX_PAUSE = 1_000;

/** The leader did not answer, or leads no more: the call is to be handed to the next one. */
export const RETRY = Symbol('again');

/** When a call that is handed on ends, in milliseconds as `performance.now()` has them. */
export interface Times {
  /** Until then a leader is sought. */
  readonly until: number;
  /** By then the leader has to have answered. */
  readonly answerBy: number;
  /** Whether it waits for something to happen, and not for its answer alone. It is refused as soon as this process ends. */
  readonly isPatient: boolean;
  /** Whether its caller can be answered otherwise: then no leader is sought once one has not answered. */
  readonly hasOther?: () => boolean;
}

/** Without a deadline of its caller a call seeks a leader for so long: longer than a new one takes to lead. */
const SEEK_MS = 30_000;
/** Milliseconds in which the leader has to answer, also where the caller waits for an order. */
export const MAX_ANSWER_MS = 1_200_000;

/** The times of a call that begins now, and whose caller waits for so long at most. */
export function timesFrom(left = Infinity): Times {
  const now = performance.now();
  const answerBy = now + Math.min(left, MAX_ANSWER_MS);
  return { until: now + Math.min(left, SEEK_MS), answerBy, isPatient: false };
}

/** A call that is handed on. */
export interface Call<Answer> extends Times {
  /** Makes the body of the next try. */
  readonly next: () => Buffer;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
  /** Asks a leader. `over` aborts when the answer is of no use any more. */
  ask(leader: Leader, body: Buffer, over: AbortSignal): Promise<Answer | typeof RETRY>;
}

interface Parts {
  readonly leaders: Leaders;
  readonly lifecycle: Lifecycle;
  readonly counts: Pick<Counts, 'forwards' | 'forwardsUnderWay'>;
}

/** Hands calls to the peer that leads, and to the next one where it leads no more before it has answered. */
export class Forwarder {
  private underWay = 0;
  private bytes = 0;
  /** The term whose leader does not know the key of this peer. */
  private unknownIn: number | null = null;
  /** Called when another peer leads, or none. */
  private readonly onChange = new Set<() => void>();
  /** Called when this process ends. */
  private readonly onEnd = new Set<() => void>();

  constructor(private readonly parts: Parts) {
    parts.leaders.follow(() => {
      for (const tell of [...this.onChange]) tell();
    });
  }

  /** This process ends: calls that are patient, or that have no leader, are refused. */
  end(): void {
    for (const end of [...this.onEnd]) end();
  }

  /**
   * The answer of the leader. Refuses with `no_leader` where none is found in time, `busy` where too much is under way, and
   * `shutting_down` where this process ends.
   */
  async send<Answer>(call: Call<Answer>): Promise<Answer> {
    const { counts, lifecycle } = this.parts;
    const ended = (result: string): void => counts.forwards.inc({ result });
    if (lifecycle.isEnding) throw new Refused(SHUTTING_DOWN);
    const first = call.next();
    if (this.underWay >= MAX_UNDER_WAY || this.bytes + first.length > MAX_BYTES) {
      ended('busy');
      throw new Refused(TOO_MANY);
    }
    this.underWay += 1;
    this.bytes += first.length;
    counts.forwardsUnderWay.set(this.underWay);
    try {
      const answer = await this.seek(call, first);
      ended('answered');
      return answer;
    } catch (error) {
      ended(call.signal.aborted ? 'gone' : error instanceof Refused ? 'no_leader' : 'failed');
      throw error;
    } finally {
      this.underWay -= 1;
      this.bytes -= first.length;
      counts.forwardsUnderWay.set(this.underWay);
    }
  }

  /** Takes note that a leader does not know the key of this peer. Both read it at their starts alone: it is asked no more. */
  unknownTo({ term }: Leader): typeof RETRY {
    this.unknownIn = term;
    return RETRY;
  }

  /** The leader that can be asked. */
  private get leader(): Leader | null {
    const { present } = this.parts.leaders;
    return present?.term === this.unknownIn ? null : present;
  }

  private async seek<Answer>(call: Call<Answer>, first: Buffer): Promise<Answer> {
    let body: Buffer | null = first;
    const ask = (leader: Leader, over: AbortSignal): Promise<Answer | typeof RETRY> => {
      const asked = body ?? call.next();
      body = null;
      return call.ask(leader, asked, over);
    };
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, MAX_PAUSE)) {
      const { leader } = this;
      const asks = call.isPatient ? this.onEnd : null;
      const answer = leader && (await this.untilOver(call, asks, (over) => ask(leader, over)));
      if (answer !== null && answer !== RETRY) return answer;
      if (this.parts.lifecycle.isEnding) throw new Refused(SHUTTING_DOWN);
      const left = call.until - performance.now();
      if (left <= 0 || isGivenUp(call)) throw new Refused(NO_LEADER);
      const wait = leader === null ? left : Math.min(pause, left);
      await this.untilOver(call, this.onEnd, (signal) =>
        sleep(wait, undefined, { signal }).catch(() => undefined),
      );
    }
  }

  /** Does work that is of use only until another peer leads, the time is over, or the caller has gone. `oneMore` ends it, too. */
  private async untilOver<T>(
    { answerBy, signal }: Call<unknown>,
    oneMore: Set<() => void> | null,
    work: (over: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const over = new AbortController();
    const end = (): void => over.abort();
    const timer = setTimeout(end, Math.max(0, answerBy - performance.now()));
    if (signal.aborted) end();
    this.onChange.add(end);
    oneMore?.add(end);
    signal.addEventListener('abort', end);
    try {
      return await work(over.signal);
    } finally {
      clearTimeout(timer);
      this.onChange.delete(end);
      oneMore?.delete(end);
      signal.removeEventListener('abort', end);
    }
  }
}

const TOO_MANY = {
  reason: 'busy',
  detail: 'too many calls are handed to the leader',
  retryAfter: 1_000,
} as const;

const isGivenUp = ({ signal, hasOther }: Call<unknown>): boolean => signal.aborted || hasOther?.() === true;
