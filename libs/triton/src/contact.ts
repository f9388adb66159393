import { status } from '@grpc/grpc-js';
import type { ContactFact, Millis } from '#core';
import type { Trouble } from '#engine';
import { CallFailed } from './call-failed.js';
import type { ControlChannel } from './control-channel.js';
import type { Attempt } from './tcp.js';
import { pauseAfter } from './tries.js';

/**
 * A connection that ends sooner is not made anew at once: a server that makes each one end is tried as seldom as one that is
 * away. Long enough that trying at once costs nothing, short enough that no Triton is started anew within it.
 */
const STANDS_AFTER_MS: Millis = 3_000;
const ENDS_EARLY = `each connection ends within ${STANDS_AFTER_MS / 1_000} s, and no call is answered`;

/** What a contact is made of. */
export interface ContactParts {
  readonly id: string;
  /** Tries whether a process listens that may be spoken to; ended by the signal, on which it leaves nothing. */
  readonly attempt: (over: AbortSignal) => Promise<Attempt>;
  /** Makes a channel, which does not connect yet. */
  readonly open: () => Channel;
  readonly tell: (fact: ContactFact) => void;
  /** Told after each try that failed, of a connection that ended early, and of one that proved good: then there is none. */
  readonly tellFailure: (reason: Trouble['reason'] | null, words: string) => void;
  /** Calls once, so much later, unless what is returned is called first. */
  readonly after: (ms: Millis, run: () => void) => () => void;
}

type Channel = Pick<ControlChannel, 'connect' | 'whenEnded' | 'release' | 'close' | 'call'>;

/** What a try came to: null where it made the connection. */
type Failure = { readonly reason: Trouble['reason']; readonly words: string } | null;

/**
 * The one connection to a server: made, watched, and made anew where it ended. A channel is opened only where a TCP
 * connection shows that a process listens that may be spoken to, and closed where it comes to nothing: a server that is
 * away, or that ends each connection, costs one cheap try, at most every 30 s. A try that is refused means that no process listens, the mark of a new
 * incarnation.
 */
export class Contact {
  private readonly closing = new AbortController();
  private channel: Channel | undefined;
  private opening: Channel | undefined;
  private refusalTold = false;
  /** Tries in a row that came to no connection, or to one that did not prove good. */
  private failures = 0;
  private isProven = false;
  /** Of a connection that has not stood for long enough yet: stops waiting for that. */
  private endTrial: (() => void) | null = null;
  private endPause: () => void = () => undefined;
  private readonly waiting = new Set<(failure: Failure) => void>();

  constructor(private readonly parts: ContactParts) {}

  start(): void {
    void this.keepTrying();
  }

  close(): void {
    this.closing.abort();
    this.endPause();
    this.endTrial?.();
    this.opening?.close();
    this.channel?.close();
    this.channel = undefined;
  }

  /** The channel of the connection that stands; undefined where there is none. */
  get connected(): Channel | undefined {
    return this.channel;
  }

  /** The connection of this channel is good: a call over it was answered, or it has stood for long enough. */
  prove(channel: Channel | undefined): void {
    if (!channel || this.channel !== channel || this.isProven) return;
    this.isProven = true;
    this.failures = 0;
    this.parts.tellFailure(null, '');
  }

  /** Waits for no pause: tries at once. Rejects with CallFailed where that try fails, or lasts too long. */
  async reach(withinMs: Millis): Promise<void> {
    if (this.channel) return;
    if (this.closing.signal.aborted) throw new CallFailed(status.CANCELLED, 'closed', this.parts.id);
    const failure = await this.outcomeOfNextTry(withinMs);
    if (failure === 'late') throw new CallFailed(status.DEADLINE_EXCEEDED, 'not connected', this.parts.id);
    if (failure) throw new CallFailed(status.UNAVAILABLE, failure.words || failure.reason, this.parts.id);
  }

  private outcomeOfNextTry(withinMs: Millis): Promise<Failure | 'late'> {
    return new Promise((resolve) => {
      const end = (outcome: Failure | 'late'): void => {
        cancel();
        this.waiting.delete(end);
        resolve(outcome);
      };
      const cancel = this.parts.after(withinMs, () => end('late'));
      this.waiting.add(end);
      this.endPause();
    });
  }

  private async keepTrying(): Promise<void> {
    while (!this.closing.signal.aborted) {
      const failure = await this.try();
      if (this.closing.signal.aborted) return this.told(CLOSED);
      if (failure) this.parts.tellFailure(failure.reason, failure.words);
      this.told(failure);
      if (failure === null) return;
      await this.pause();
    }
  }

  private told(failure: Failure): void {
    for (const end of this.waiting) end(failure);
  }

  private async try(): Promise<Failure> {
    const attempt = await this.parts.attempt(this.closing.signal);
    if (this.closing.signal.aborted) return CLOSED;
    if (attempt === 'accepted') return this.connect();
    if (attempt === 'refused' && !this.refusalTold) {
      this.refusalTold = true;
      this.parts.tell('refused');
    }
    return { reason: attempt, words: '' };
  }

  private async connect(): Promise<Failure> {
    const channel = this.opened();
    if (channel instanceof Error) return { reason: 'no_handshake', words: channel.message };
    this.opening = channel;
    const words = await channel.connect();
    this.opening = undefined;
    if (words !== null) {
      channel.close();
      return { reason: 'no_handshake', words };
    }
    if (this.closing.signal.aborted) {
      channel.close();
      return CLOSED;
    }
    this.channel = channel;
    this.refusalTold = false;
    this.isProven = false;
    this.endTrial = this.parts.after(STANDS_AFTER_MS, () => {
      this.endTrial = null;
      this.prove(channel);
    });
    channel.whenEnded(() => void this.lose(channel));
    this.parts.tell('connected');
    return null;
  }

  /** Certificates and keys that make no sense are found out here. */
  private opened(): Channel | Error {
    try {
      return this.parts.open();
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** The calls that were under way end by themselves, as calls whose connection ended. */
  private async lose(channel: Channel): Promise<void> {
    if (this.channel !== channel) return;
    this.channel = undefined;
    channel.release();
    this.parts.tell('ended');
    if (this.endTrial) {
      this.endTrial();
      this.endTrial = null;
      if (!this.isProven) this.parts.tellFailure('no_handshake', ENDS_EARLY);
      await this.pause();
    }
    await this.keepTrying();
  }

  private pause(): Promise<void> {
    const ms = pauseAfter(this.failures, this.parts.id);
    this.failures += 1;
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.endPause = () => undefined;
        resolve();
      };
      const cancel = this.parts.after(ms, end);
      this.endPause = end;
    });
  }
}

const CLOSED: Failure = { reason: 'unreachable', words: 'closed' };
