import { connectivityState } from '@grpc/grpc-js';
import type { ContactFact } from '#core';
import type { Channel } from './control-channel.js';
import { attemptConnection } from './tcp.js';

const { READY, IDLE, SHUTDOWN } = connectivityState;
const ATTEMPT_MS = 2_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Keeps a channel connected and tells what it does. grpc-js hides why it can't connect, so while it is down a plain TCP
 * connection is tried beside it: one that is refused means that no process listens, the mark of a new incarnation.
 */
export class ContactWatch {
  private state: connectivityState | undefined;
  private outage = new AbortController();
  private closed = false;

  constructor(
    private readonly channel: Channel,
    private readonly address: string,
    private readonly tell: (fact: ContactFact) => void,
  ) {}

  start(): void {
    this.beginOutage();
    this.follow();
  }

  close(): void {
    this.closed = true;
    this.outage.abort();
  }

  /** Called at every change, so that a connection that ends and comes back at once is seen to have ended. */
  private follow(): void {
    if (this.closed) return;
    const state = this.channel.getConnectivityState(false);
    if (state === SHUTDOWN) return;
    const before = this.state;
    this.state = state;
    this.channel.watchConnectivityState(state, Infinity, () => this.follow());
    if (state === READY && before !== READY) this.endOutage();
    if (state !== READY && before === READY) this.beginOutage('ended');
    if (state === IDLE) setImmediate(() => this.reconnect());
  }

  /** Not from within the channel's own telling: it hasn't finished its change yet. */
  private reconnect(): void {
    if (!this.closed) this.channel.getConnectivityState(true);
  }

  private endOutage(): void {
    this.outage.abort();
    this.tell('connected');
  }

  private beginOutage(fact?: ContactFact): void {
    this.outage = new AbortController();
    if (fact) this.tell(fact);
    void this.listenForRefusal(this.outage.signal);
  }

  /** Told once for each outage. */
  private async listenForRefusal(over: AbortSignal): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !over.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const attempt = await attemptConnection(this.address, ATTEMPT_MS, over);
      if (over.aborted) return;
      if (attempt === 'refused') return this.tell('refused');
      await pauseUnless(over, pause);
    }
  }
}

/** Resolves early when it is over. */
function pauseUnless(over: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    over.addEventListener('abort', end, { once: true });
    function end() {
      clearTimeout(timer);
      over.removeEventListener('abort', end);
      resolve();
    }
  });
}
