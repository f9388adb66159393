import type { NewWarmup, WarmupState, WarmupWork } from '#engine';

/** Loads without servers: each ends at once, unless it is held. */
export class Loads implements WarmupWork {
  /** What loads come to, by model; `ready` where nothing is said. */
  readonly ends = new Map<string, string>();
  /** How often the load of a model cannot be ordered. */
  readonly failures = new Map<string, number>();
  readonly asked: string[] = [];
  readonly credentials = new Set<string>();
  readonly ended: (WarmupState | 'lost')[] = [];
  private readonly held = new Map<string, Hold>();
  private readonly begun = new Set<string>();

  /** The loads that are held. */
  get waiting(): string[] {
    return [...this.begun].filter((model) => this.held.has(model));
  }

  async warm(
    model: string,
    { credential }: Pick<NewWarmup, 'credential'>,
    signal: AbortSignal,
  ): Promise<string> {
    this.asked.push(model);
    this.credentials.add(credential);
    this.begun.add(model);
    const failures = this.failures.get(model) ?? 0;
    this.failures.set(model, failures - 1);
    if (failures > 0) throw new Error(`the load of ${model} could not be ordered`);
    await this.held.get(model)?.until(signal);
    signal.throwIfAborted();
    return this.ends.get(model) ?? 'ready';
  }

  onEnd(_: string, state: WarmupState | 'lost'): void {
    this.ended.push(state);
  }

  hold(...models: readonly string[]): void {
    for (const model of models) this.held.set(model, new Hold());
  }

  release(...models: readonly string[]): void {
    for (const model of models) {
      this.held.get(model)?.end();
      this.held.delete(model);
    }
  }
}

/** What keeps a load from ending. */
class Hold {
  private readonly listeners = new Set<() => void>();

  /** Resolves at its end, or where the signal is aborted. */
  async until(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.listeners.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  end(): void {
    for (const listener of this.listeners) listener();
  }
}
