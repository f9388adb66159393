import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asked } from './verdict.js';

const MAX_FAILURES = 1_000;

/** Asks for one thing again and again, each time when the answer before has come. */
export class Asker {
  private count = 0;
  private slowest = 0;
  private readonly failed: string[] = [];

  /** `ask` rejects where the answer is not what it should be. */
  constructor(
    private readonly what: string,
    private readonly ask: () => Promise<void>,
    private readonly everyMs: number,
  ) {}

  async until(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await this.once();
      await sleep(this.everyMs);
    }
  }

  get asked(): Asked {
    return { count: this.count, failed: this.failed, slowest: this.slowest };
  }

  private async once(): Promise<void> {
    const began = performance.now();
    this.count += 1;
    try {
      await this.ask();
    } catch (error) {
      const at = new Date().toISOString();
      if (this.failed.length < MAX_FAILURES)
        this.failed.push(`${at} ${this.what}: ${(error as Error).message}`);
    }
    this.slowest = Math.max(this.slowest, performance.now() - began);
  }
}

/** One request over a connection of its own, as a probe makes it. Rejects where it is not answered with 200 in time. */
export function answersOk(url: string, withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, timeout: withinMs }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode} ${text}`)),
      );
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${withinMs} ms`)));
    sent.on('error', reject);
    sent.end();
  });
}
