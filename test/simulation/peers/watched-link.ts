import type { ContactFact, LoadConfig, Look, Millis, ModelId } from '#core';
import type { ModelDescription, ModelServer } from '#engine';

/** Is told of each order at the moment at which it is sent. */
export interface Sends {
  load(model: ModelId): void;
  unload(model: ModelId): void;
}

/** A server, and who sends it what. */
export class WatchedLink implements ModelServer {
  constructor(
    private readonly to: ModelServer,
    private readonly sends: Sends,
  ) {}

  load(model: ModelId, config: LoadConfig | null, timeout: Millis): Promise<readonly string[]> {
    this.sends.load(model);
    return this.to.load(model, config, timeout);
  }

  unload(model: ModelId): Promise<void> {
    this.sends.unload(model);
    return this.to.unload(model);
  }

  look(scope: 'full' | 'statistics', probeMode: boolean): Promise<Look> {
    return this.to.look(scope, probeMode);
  }

  describe(model: ModelId): Promise<ModelDescription> {
    return this.to.describe(model);
  }

  probe(): Promise<boolean> {
    return this.to.probe();
  }

  watch(listener: (fact: ContactFact) => void): void {
    this.to.watch(listener);
  }

  close(): void {
    this.to.close();
  }
}
