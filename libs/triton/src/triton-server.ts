import { status } from '@grpc/grpc-js';
import type {
  ContactFact,
  ControlMode,
  FailureCause,
  LoadConfig,
  Look,
  Millis,
  ModelId,
  ServerId,
} from '#core';
import { type ModelDescription, type ModelServer, OrderRefused, OrderUnsent, type Trouble } from '#engine';
import { askTwice } from './ask-twice.js';
import { CallFailed, saysLeaving, saysNotServing, saysRestricted, saysWrongMode } from './call-failed.js';
import { Contact } from './contact.js';
import { ControlChannel, type Tls } from './control-channel.js';
import { configParameter } from './load-config.js';
import { readMetrics } from './metrics-endpoint.js';
import { describeConfig } from './model-description.js';
import { isModelName } from './model-name.js';
import type { Calls } from './protocol.js';
import { lookRefused } from './refused-looks.js';
import { refusedBecause } from './refused-orders.js';
import { indexRows, servingRows } from './rows.js';
import { attemptConnection } from './tcp.js';
import { troubleOf } from './troubles.js';

const CALL_TIMEOUT_MS = 5_000;
/** A try of a connection, and its greeting, each. */
const TRY_MS = 2_000;
/** Unloading a name that never exists does nothing, and only a server in explicit mode says OK to it. */
const MODE_PROBE = 'berth.mode-probe';

/** How one Triton is reached. */
export interface TritonOptions {
  readonly id: ServerId;
  /** `host:port` of its gRPC. */
  readonly grpc: string;
  /** Null: it has no metrics, or they can't be reached. */
  readonly metrics: string | null;
  /** Sent with each call, for restricted protocols. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null: not over TLS. */
  readonly tls: Tls | null;
  /** Dates the looks. */
  readonly clock: { now(): number };
  /** The deadline of every call but a load. */
  readonly callTimeoutMs?: Millis;
  /** Told in Triton's words why an order was refused, and what answer made no sense. */
  readonly log?: (message: string) => void;
  /** Told what keeps a connection from standing, after each that does not; null: one stands, and has proved good. */
  readonly tellTrouble?: (trouble: Trouble | null) => void;
}

/** A Triton, controlled by gRPC over one connection. */
export class TritonServer implements ModelServer {
  private readonly contact: Contact;
  private readonly closing = new AbortController();
  private listener: (fact: ContactFact) => void = () => {};

  constructor(private readonly options: TritonOptions) {
    const { id, grpc, headers, tls } = options;
    this.contact = new Contact({
      id,
      attempt: (over) => attemptConnection(grpc, { withinMs: TRY_MS, greets: tls === null, over }),
      open: () => new ControlChannel(grpc, headers, tls),
      tell: (fact) => this.tell(fact),
      tellFailure: (reason, words) =>
        options.tellTrouble?.(reason === null ? null : troubleOf(grpc, reason, words)),
      after,
    });
  }

  async load(model: ModelId, config: LoadConfig | null, timeout: Millis): Promise<readonly string[]> {
    const parameters = this.parametersOf(model, config);
    await this.order(model, () =>
      this.call('RepositoryModelLoad', { model_name: model, ...parameters }, timeout),
    );
    if (!(await this.isReady(model)))
      throw new Error(`${this.options.id} loaded ${model}, which isn't ready`);
    return this.versionsOf(model);
  }

  async unload(model: ModelId): Promise<void> {
    await this.order(model, () => this.call('RepositoryModelUnload', { model_name: model }));
  }

  async look(scope: 'full' | 'statistics', probeMode: boolean): Promise<Look> {
    try {
      await this.contact.reach(this.options.callTimeoutMs ?? CALL_TIMEOUT_MS);
      const begunAt = this.options.clock.now();
      const mode = probeMode ? await this.mode() : null;
      const serverVersion = probeMode ? await this.version() : null;
      const index = scope === 'full' ? indexRows((await this.askTwice('RepositoryIndex')).models) : null;
      const serving = servingRows((await this.askTwice('ModelStatistics')).model_stats);
      const { metrics: url } = this.options;
      const metrics = url === null ? null : await readMetrics(url, this.closing.signal);
      const endedAt = this.options.clock.now();
      return { begunAt, endedAt, index, serving, metrics, mode, serverVersion };
    } catch (error) {
      const refused = lookRefused(error);
      if (refused.why === 'nonsense')
        this.options.log?.(`${this.options.id} answered nonsense: ${refused.message}`);
      throw refused;
    }
  }

  async describe(model: ModelId): Promise<ModelDescription> {
    const { config } = await this.call('ModelConfig', { name: model });
    if (!config) throw new Error(`${this.options.id} described ${model} by nothing`);
    return describeConfig(config);
  }

  async probe(): Promise<boolean> {
    const { grpc } = this.options;
    return (await attemptConnection(grpc, { withinMs: TRY_MS, over: this.closing.signal })) === 'accepted';
  }

  watch(listener: (fact: ContactFact) => void): void {
    this.listener = listener;
    this.contact.start();
  }

  close(): void {
    this.closing.abort();
    this.contact.close();
  }

  private tell(fact: ContactFact): void {
    if (!this.closing.signal.aborted) this.listener(fact);
  }

  private askTwice<Name extends 'RepositoryIndex' | 'ModelStatistics'>(
    name: Name,
  ): Promise<Calls[Name]['response']> {
    const { callTimeoutMs = CALL_TIMEOUT_MS, clock } = this.options;
    return askTwice((withinMs) => this.call(name, {}, withinMs), callTimeoutMs, clock);
  }

  private async call<Name extends keyof Calls>(
    name: Name,
    request: Calls[Name]['request'],
    withinMs = this.options.callTimeoutMs ?? CALL_TIMEOUT_MS,
  ): Promise<Calls[Name]['response']> {
    const { id } = this.options;
    const channel = this.contact.connected;
    if (!channel) throw new CallFailed(status.UNAVAILABLE, 'not connected', `${name} of ${id}`);
    try {
      const answer = await channel.call(name, request, withinMs);
      this.contact.prove(channel);
      return answer;
    } catch (error) {
      if (error instanceof CallFailed && saysLeaving(error)) this.tell('leaving');
      throw error;
    }
  }

  /** Only `config` is ever sent; a model's files come from the repository. */
  private parametersOf(model: ModelId, config: LoadConfig | null) {
    if (config === null) return {};
    try {
      return { parameters: { config: { string_param: configParameter(model, config) } } };
    } catch (error) {
      throw new OrderRefused('configuration', `the config of ${model} can't be sent: ${String(error)}`);
    }
  }

  /** Without a connection nothing is sent, and so the outcome is known; once sent, only an answer tells it. */
  private async order(model: ModelId, send: () => Promise<unknown>): Promise<void> {
    const { id } = this.options;
    const name: string = model;
    if (!isModelName(name)) throw new OrderRefused('configuration', `${model} is no name to send to ${id}`);
    if (!this.contact.connected) throw new OrderUnsent();
    try {
      await send();
    } catch (error) {
      const refused = error instanceof CallFailed ? await this.causeOf(error, model) : null;
      const message = error instanceof Error ? error.message : String(error);
      this.options.log?.(`${id} ${refused ?? 'unknown outcome'}: ${message}`);
      throw refused === null ? error : new OrderRefused(refused, message);
    }
  }

  /** A model that isn't there and a config that can't be used are refused by the same words: the index tells. */
  private async causeOf(failure: CallFailed, model: ModelId): Promise<FailureCause | null> {
    const refused = refusedBecause(failure, model);
    if (refused !== 'poll_failed') return refused;
    const index = await this.call('RepositoryIndex', {}).catch(() => undefined);
    const isThere = !index || (index.models ?? []).some(({ name }) => name === model);
    return isThere ? 'configuration' : 'missing';
  }

  private async isReady(model: ModelId): Promise<boolean> {
    try {
      return (await this.call('ModelReady', { name: model })).ready === true;
    } catch (error) {
      if (error instanceof CallFailed && saysNotServing(error)) return false;
      throw error;
    }
  }

  /** The load is confirmed already: not knowing its versions for a moment is no reason to doubt it. */
  private async versionsOf(model: ModelId): Promise<readonly string[]> {
    const answer = await this.call('ModelStatistics', { name: model }).catch(() => undefined);
    return servingRows(answer?.model_stats).map(({ version }) => version);
  }

  private async mode(): Promise<ControlMode> {
    try {
      await this.call('RepositoryModelUnload', { model_name: MODE_PROBE });
      return 'explicit';
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      if (saysWrongMode(error)) return 'wrong_mode';
      if (saysRestricted(error)) return 'restricted';
      throw error;
    }
  }

  private async version(): Promise<string | null> {
    try {
      return (await this.call('ServerMetadata', {})).version || null;
    } catch (error) {
      if (error instanceof CallFailed && saysRestricted(error)) return null;
      throw error;
    }
  }
}

/** A pause that is longer ends at a moment of this grid, or a little sooner: one wake-up of the process serves many servers. */
const LONG_PAUSE = 5_000;
const GRID = 500;

function after(ms: Millis, run: () => void): () => void {
  const isLong = ms > LONG_PAUSE;
  const timer = setTimeout(run, isLong ? ms - ((performance.now() + ms) % GRID) : ms);
  return () => clearTimeout(timer);
}
