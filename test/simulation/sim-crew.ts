import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** One seed to be played. */
export interface SeedWanted {
  readonly seed: number;
  readonly hours: number;
}

/** How a seed went, as far as another process can be told; without `failedAt` it is unknown when it failed. */
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

/** Which program plays the seeds, and how long one may take for each simulated hour. */
interface CrewOptions {
  readonly worker: string;
  readonly seedMs: number;
}

const WORKER = fileURLToPath(new URL('sim-worker.js', import.meta.url));
/** In MiB, four times what Node gives: nearly all that a turn makes is garbage after it, and would be moved for nothing. */
const YOUNG = '--max-semi-space-size=64';
/** For each simulated hour that has begun: far longer than it takes, on a very busy machine too. */
const SEED_MS = 300_000;

/** Processes that play seeds side by side: each gets the next one when it is done with the last. */
export class Crew {
  private readonly workers = new Set<ChildProcess>();
  private isDismissed = false;

  constructor(
    private readonly jobs: number,
    private readonly options: CrewOptions = { worker: WORKER, seedMs: SEED_MS },
  ) {}

  /** Plays them all, and tells of each as it is done; one that ends its process, or never ends, has failed. */
  async play(seeds: readonly number[], hours: number, tell: (played: SeedPlayed) => void): Promise<void> {
    const left = seeds[Symbol.iterator]();
    const jobs = Math.min(this.jobs, seeds.length);
    try {
      await Promise.all(Array.from({ length: jobs }, () => this.work(left, hours, tell)));
    } finally {
      this.dismiss();
    }
  }

  /** Ends all workers, whatever they are at; false where none was at work. */
  dismiss(): boolean {
    this.isDismissed = true;
    for (const worker of this.workers) worker.kill('SIGKILL');
    return this.workers.size > 0;
  }

  /** One worker after the other, as long as there are seeds: one that ends too early took its seed with it. */
  private async work(
    seeds: Iterator<number>,
    hours: number,
    tell: (played: SeedPlayed) => void,
  ): Promise<void> {
    while (!this.isDismissed) {
      const lost = await this.workOnce(seeds, hours, tell);
      if (lost === undefined || this.isDismissed) return;
      tell(lost);
    }
  }

  /** Tells of each seed as it is done; resolves with the one that ended the process, or did not end. */
  private workOnce(
    seeds: Iterator<number>,
    hours: number,
    tell: (played: SeedPlayed) => void,
  ): Promise<SeedPlayed | undefined> {
    const worker = fork(this.options.worker, { execArgv: [...process.execArgv, YOUNG] });
    this.workers.add(worker);
    let current: number | undefined;
    let isLate = false;
    const seedMs = this.options.seedMs * Math.ceil(hours);
    const watch = setTimeout(() => (isLate = worker.kill('SIGKILL')), seedMs);
    const next = (): void => {
      const { value, done } = seeds.next() as IteratorResult<number, undefined>;
      current = value;
      watch.refresh();
      if (done) worker.disconnect();
      // Where it cannot be sent the process is about to end, and that is told below.
      else worker.send({ seed: value, hours } satisfies SeedWanted, () => {});
    };
    worker.on('message', (played: SeedPlayed) => {
      tell(played);
      current = undefined;
      if (!this.isDismissed) next();
    });
    next();
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code, signal) => {
        clearTimeout(watch);
        this.workers.delete(worker);
        const how = isLate
          ? `does not end within ${seedMs / 1_000} s`
          : `ends its process (${signal ?? code})`;
        resolve(current === undefined ? undefined : lostSeed(current, how));
      });
    });
  }
}

/** What can be said of a seed whose process is gone. */
const lostSeed = (seed: number, how: string): SeedPlayed => ({
  seed,
  failure: how,
  failedAt: undefined,
  turns: 0,
  events: 0,
  simulated: 0,
  marks: [],
  lastLines: [],
});
