import type { ContactFact } from '#core';
import { type Answer, type Reply, type RpcError, says } from '#triton-simulator';
import { pauseAfter } from '#triton';
import type { Process } from './process.js';
import type { Site } from './site.js';
import type { Wire } from './wire.js';

const PROBE_WITHIN = 2_000;

type Ended<T> = Answer<T> | { readonly error: RpcError | 'deadline' };

/**
 * The control connection of one life of Berth to one server, kept open and watched as the adapter does it. Orders that
 * were sent go on when Berth dies; their answers reach no process.
 */
export class Connection {
  private connected = false;
  private closed = false;
  /** The one that was made in its place, where it was closed for that. */
  private successor: Connection | undefined;
  private tell: (fact: ContactFact) => void = () => {};
  private unwatch: () => void = () => {};
  /** Ends the pause before the next try, where there is one. */
  private endPause: () => void = () => {};
  private readonly running = new Set<(error: RpcError) => void>();
  /** What waits for the next try to end. */
  private readonly waiting = new Set<() => void>();
  private refusalTold = false;
  /** The life of the server that this connection is to. */
  private incarnation = 0;
  /** How often it was made anew. */
  madeAnew = 0;

  /** @param process Berth's, whose timers die with it */
  constructor(
    private readonly site: Site,
    private readonly wire: Wire,
    private readonly process: Process,
  ) {}

  get isOpen(): boolean {
    return this.connected && !this.closed;
  }

  /** Whether Berth has died, or has forgotten the server: no process knows what was sent. */
  get isForgotten(): boolean {
    return this.closed && (this.successor?.isForgotten ?? true);
  }

  isReplacedBy(successor: Connection): void {
    this.successor = successor;
  }

  /** Whether the process it was made to is still there; Berth may not have heard yet that it has ended. */
  get isToTheLiving(): boolean {
    return this.site.incarnation === this.incarnation && this.site.sim.phase !== 'down';
  }

  open(listener: (fact: ContactFact) => void): void {
    this.tell = listener;
    this.unwatch = this.site.watch((news) => {
      if (news === 'down' || news === 'connections broken') this.process.receive(() => this.broke());
    });
    this.attempt(0);
  }

  /** Waits for a connection where there is none: until a try has ended, which begins at once, and at most so long. */
  reach(within: number): Promise<void> {
    if (this.isOpen || this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.waiting.delete(end);
        resolve();
      };
      const cancel = this.process.after(within, end);
      this.waiting.add(end);
      this.endPause();
    });
  }

  close(): void {
    this.closed = true;
    this.unwatch();
    for (const end of [...this.running]) end({ code: 'CANCELLED', message: 'closed' });
    this.endWaiting();
  }

  /** Sends one call; it ends by its answer, by its deadline, or with the connection. */
  call<T>(ask: (reply: Reply<T>) => void, within: number): Promise<Ended<T>> {
    if (!this.isOpen) return Promise.resolve({ error: says.refused() });
    return new Promise((resolve) => {
      const end = (ended: Ended<T>): void => {
        cancel();
        this.running.delete(breakOff);
        resolve(ended);
      };
      const breakOff = (error: RpcError): void => end({ error });
      const cancel = this.process.after(within, () => end({ error: 'deadline' }));
      this.running.add(breakOff);
      const { incarnation } = this;
      this.wire.send('there', () => {
        // What was still under way to a process that has died reaches no other one.
        if (this.site.incarnation === incarnation) ask((answer) => this.wire.send('back', () => end(answer)));
      });
    });
  }

  /** Reads something over a connection of its own; undefined where no answer comes in time. */
  get<T>(read: () => T | undefined, within: number): Promise<T | undefined> {
    return new Promise((resolve) => {
      const cancel = this.process.after(within, () => resolve(undefined));
      this.wire.send('there', () => {
        const found = read();
        const arrive = (): void => {
          cancel();
          resolve(found);
        };
        this.wire.send('back', () => this.process.receive(arrive));
      });
    });
  }

  probe(): Promise<boolean> {
    return new Promise((resolve) => {
      const reception = this.site.receive();
      const takes = reception === 'silence' ? PROBE_WITHIN : 1;
      this.process.after(takes, () => resolve(reception === 'accepted'));
    });
  }

  private attempt(failedBefore: number): void {
    if (this.closed || this.connected) return;
    const reception = this.site.receive();
    if (reception === 'accepted') this.process.after(1, () => this.connect(failedBefore));
    else {
      if (reception === 'refused' && !this.refusalTold) {
        this.refusalTold = true;
        this.tell('refused');
      }
      this.pause(failedBefore);
      this.endWaiting();
    }
  }

  private endWaiting(): void {
    for (const end of [...this.waiting]) end();
  }

  private pause(failedBefore: number): void {
    const end = (): void => {
      cancel();
      this.endPause = () => {};
      this.attempt(failedBefore + 1);
    };
    const cancel = this.process.after(pauseAfter(failedBefore, this.site.id), end);
    this.endPause = end;
  }

  private connect(failedBefore: number): void {
    if (this.closed || this.connected) return;
    if (this.site.receive() !== 'accepted') return this.attempt(failedBefore);
    this.connected = true;
    this.madeAnew += 1;
    this.incarnation = this.site.incarnation;
    this.tell('connected');
    this.endWaiting();
  }

  /** While the network is parted Berth does not hear that the connection has ended. */
  private broke(): void {
    const { incarnation } = this;
    const wait = Math.max(0, this.site.partition.until - this.site.timers.now());
    if (wait === 0) return this.lose();
    this.process.after(wait, () => {
      if (this.incarnation === incarnation) this.lose();
    });
  }

  private lose(): void {
    if (!this.connected) return;
    this.connected = false;
    this.refusalTold = false;
    this.tell('ended');
    for (const end of [...this.running]) end(says.socketClosed());
    this.process.after(0.5, () => this.attempt(0));
  }
}
