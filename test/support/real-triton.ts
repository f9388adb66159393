/** Real Triton servers for tests, each with its own ports, repository and log; all of them end with the suite. */
import { afterAll, describe, it } from '@jest/globals';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installedRealTriton, type RealTritonLayout } from '../../tools/real-triton/install.mjs';
import { writeModel, type ModelFolder } from '../../tools/real-triton/models.mjs';
import { eventsIn, RealTriton } from './real-triton-server.js';
import { NAME, sweepAfterTheDead } from './real-triton-traces.js';

export { aRealModel, anEnsemble, type ModelFolder } from '../../tools/real-triton/models.mjs';
export { RealTriton } from './real-triton-server.js';

/** What a test can say about the server it wants; the repository is one of its own unless a path is given. */
export interface RealTritonOptions {
  readonly id?: string;
  readonly models?: readonly ModelFolder[];
  readonly loadThreads?: number;
  readonly extraArgs?: readonly string[];
  readonly repository?: string;
  readonly controlMode?: 'explicit' | 'none' | 'poll';
  /** Models loaded at the start count, because the ports open after them. */
  readonly liveWithinMs?: number;
}

/**
 * A suite that needs a real Triton. Without one it is skipped, and says so in a line that cannot be overlooked; where
 * CI=true it fails instead, or it could stop running unnoticed.
 */
export function describeReal(name: string, suite: (kit: RealTritonKit) => void): void {
  const found = installedRealTriton();
  if (found.ok) return describeWith(name, found, suite);
  if (process.env['CI'] === 'true')
    return describe(name, () => it('has a real Triton', () => refuse(found.missing)));
  process.stderr.write(`SKIPPED: ${name}: a real Triton is missing: ${found.missing}\n`);
  // Skipped on purpose: not every machine can run a Triton. The line above says so, and CI=true fails.
  describe.skip(name, () => it('needs a real Triton', () => refuse(found.missing))); // on purpose: see above
}

function describeWith(name: string, found: RealTritonLayout, suite: (kit: RealTritonKit) => void): void {
  describe(name, () => {
    const kit = RealTritonKit.open(found);
    afterAll(() => kit.close());
    suite(kit);
  });
}

function refuse(missing: string): never {
  throw new Error(`a real Triton is missing: ${missing}`);
}

/** Starts servers, and ends all of them at once. */
export class RealTritonKit {
  private readonly servers: RealTriton[] = [];

  private constructor(private readonly layout: RealTritonLayout) {}

  static open(layout: RealTritonLayout): RealTritonKit {
    sweepAfterTheDead();
    return new RealTritonKit(layout);
  }

  get version(): string {
    return this.layout.version;
  }

  async start(options: RealTritonOptions = {}): Promise<RealTriton> {
    const { models = [], id = `t${this.servers.length}`, repository, ...rest } = options;
    const folder = await mkdtemp(join(tmpdir(), `${NAME}-${process.pid}-`));
    const place = { folder, repository: repository ?? join(folder, 'models') };
    await mkdir(place.repository, { recursive: true });
    await mkdir(eventsIn(folder));
    for (const model of models) await writeModel(place.repository, model);
    const server = new RealTriton(this.layout, place, { ...rest, id });
    this.servers.push(server);
    await server.startOnSparePorts();
    return server;
  }

  /** Kills what still runs and removes what the servers left; a repository given by path stays. */
  async close(): Promise<void> {
    await Promise.all(this.servers.splice(0).map((server) => server.discard()));
  }
}
