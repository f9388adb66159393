import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** One seed to be played. */
export interface SeedWanted {
  readonly seed: number;
  readonly hours: number;
}

/** How a seed went, as far as another process can be told. */
export interface SeedPlayed {
  readonly seed: number;
  readonly failure: string | undefined;
  readonly failedAt: number | undefined;
  readonly turns: number;
  readonly events: number;
  readonly simulated: number;
  readonly marks: readonly (readonly [name: string, count: number])[];
  readonly lastLines: readonly string[];
}

const WORKER = fileURLToPath(new URL('sim-worker.js', import.meta.url));

/** Processes that play seeds side by side: each gets the next one when it is done with the last. */
export class Crew {
  private readonly workers = new Set<ChildProcess>();
  private isDismissed = false;

  constructor(private readonly jobs: number) {}

  /** Plays them all, and tells of each as it is done; rejects where a worker does not come to its end. */
  async play(seeds: readonly number[], hours: number, tell: (played: SeedPlayed) => void): Promise<void> {
    const left = seeds[Symbol.iterator]();
    const jobs = Math.min(this.jobs, seeds.length);
    try {
      await Promise.all(Array.from({ length: jobs }, () => this.work(left, hours, tell)));
    } finally {
      this.dismiss();
    }
  }

  /** Ends all of them, whatever they are at; false where nobody was at work. */
  dismiss(): boolean {
    this.isDismissed = true;
    for (const worker of this.workers) worker.kill('SIGKILL');
    return this.workers.size > 0;
  }

  private work(seeds: Iterator<number>, hours: number, tell: (played: SeedPlayed) => void): Promise<void> {
    const worker = fork(WORKER);
    this.workers.add(worker);
    let current: number | undefined;
    const next = (): void => {
      const { value, done } = seeds.next() as IteratorResult<number, undefined>;
      current = value;
      if (done) worker.disconnect();
      else worker.send({ seed: value, hours } satisfies SeedWanted);
    };
    worker.on('message', (played: SeedPlayed) => {
      tell(played);
      if (!this.isDismissed) next();
    });
    next();
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code, signal) => {
        this.workers.delete(worker);
        if (current === undefined || this.isDismissed) return resolve();
        reject(new Error(`the process that played seed ${current} ended (${signal ?? code})`));
      });
    });
  }
}
