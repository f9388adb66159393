import { type Figure, quantile } from '../figure.js';
import { Caller, reasonOf } from '../rpc.js';
import type { PeerBerth } from './stage.js';

const EVERY_MS = 20;

interface SeenCalls {
  readonly p99: number;
  readonly failures: readonly string[];
  readonly calls: number;
}

/** Calls for a warm model at every peer, all the time. */
export class WarmCalls {
  readonly took: number[] = [];
  readonly failures: string[] = [];
  private readonly callers: Caller[];
  private readonly gone = new Set<Caller>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly peers: readonly PeerBerth[],
    private readonly model: string,
  ) {
    this.callers = peers.map(({ grpc }) => new Caller(grpc));
    this.timer = setInterval(() => this.ask(), EVERY_MS);
  }

  /** A gateway asks another peer where one is gone. */
  leave(peer: PeerBerth): void {
    this.gone.add(this.callers[this.peers.indexOf(peer)]!);
  }

  /** What was seen since this was asked last. */
  take(): SeenCalls {
    const took = this.took.splice(0);
    return { p99: quantile(took, 0.99), failures: this.failures.splice(0), calls: took.length };
  }

  end(): void {
    clearInterval(this.timer);
    for (const caller of this.callers) caller.close();
  }

  private ask(): void {
    for (const caller of this.callers) {
      if (this.gone.has(caller)) continue;
      const began = performance.now();
      caller.resolve({ model: this.model, waitMs: 0 }).then(
        () => this.took.push(performance.now() - began),
        (error: unknown) => this.gone.has(caller) || this.failures.push(reasonOf(error)),
      );
    }
  }
}

/** What warm calls noticed of a failure. */
export interface Noticed {
  readonly failures: number;
  /** The 99th percentile of times afterwards, beside that of before. */
  readonly ratio: number;
  readonly details: Figure['details'];
}

export const noticed = (before: SeenCalls, after: SeenCalls): Noticed => ({
  failures: after.failures.length,
  ratio: after.p99 / before.p99,
  details: {
    ...{ p99BeforeMs: before.p99, p99AfterMs: after.p99, calls: after.calls },
    failures: after.failures.slice(0, 5),
  },
});

export const warmFigure = (name: string, { failures, ratio, details }: Noticed): Figure => ({
  ...{ name, value: failures, unit: 'calls', goal: '0, and a p99 of at most twice that of before' },
  ...{ met: failures === 0 && ratio <= 2, details: { p99Ratio: ratio, ...details } },
});
