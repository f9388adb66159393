import type { ContactFact, LoadConfig, Look, Millis, ModelId } from '#core';
import type { ModelDescription, ModelServer } from '#engine';

/** Is told of each order at the moment at which it is sent. */
type OnSend = (kind: 'load' | 'unload', model: ModelId) => void;

/** A server, and what it is sent. */
export class WatchedLink implements ModelServer {
  constructor(
    private readonly to: ModelServer,
    private readonly onSend: OnSend,
  ) {}

  load(model: ModelId, config: LoadConfig | null, timeout: Millis): Promise<readonly string[]> {
    this.onSend('load', model);
    return this.to.load(model, config, timeout);
  }

  unload(model: ModelId): Promise<void> {
    this.onSend('unload', model);
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
