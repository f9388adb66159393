import { status } from '@grpc/grpc-js';
import type {
  ContactFact,
  ControlMode,
  FailureCause,
  LoadConfig,
  Look,
  MetricsSample,
  Millis,
  ModelId,
} from '#core';
import { type ModelDescription, type ModelServer, OrderRefused, OrderUnsent } from '#engine';
import type {
  Answer,
  Gauges,
  IndexRow,
  ModelStatistics,
  OrderParameters,
  Reply,
  RpcError,
} from '#triton-simulator';
import {
  askTwice,
  CallFailed,
  configParameter,
  describeConfig,
  indexRows,
  lookRefused,
  refusedBecause,
  saysLeaving,
  saysRestricted,
  saysWrongMode,
  servingRows,
} from '#triton';
import type { Connection } from './connection.js';
import { type LostReply, NOBODY, type OpenOrder } from './open-order.js';
import type { Site } from './site.js';

const CALL_TIMEOUT = 5_000;
const METRICS_TIMEOUT = 2_000;
const MODE_PROBE = 'berth.mode-probe';

/** The adapter's part without a wire: asks a simulated server as the adapter asks a Triton, in the same order. */
export class SimLink implements ModelServer {
  private listener: (fact: ContactFact) => void = () => {};

  constructor(
    private readonly site: Site,
    private readonly connection: Connection,
    private readonly life: number,
    /** Is told of each load before it is sent. */
    private readonly onLoad: (model: ModelId) => void,
  ) {}

  async load(model: ModelId, config: LoadConfig | null, timeout: Millis): Promise<readonly string[]> {
    const parameters = config === null ? {} : { config: configParameter(model, config) };
    await this.order('load', model, parameters, timeout);
    const ready = await this.call<boolean>((reply) => this.site.sim.modelReady(model, '', reply));
    if (!ready) throw new Error(`${this.site.id} loaded ${model}, which isn't ready`);
    const ask = (reply: Reply<readonly ModelStatistics[]>): void =>
      this.site.sim.statistics(model, '', reply);
    const statistics = await this.call(ask).catch(() => []);
    return statistics.map(({ version }) => version);
  }

  async unload(model: ModelId): Promise<void> {
    await this.order('unload', model, {}, CALL_TIMEOUT);
  }

  async look(scope: 'full' | 'statistics', probeMode: boolean): Promise<Look> {
    const { sim } = this.site;
    await this.connection.reach(CALL_TIMEOUT);
    const begunAt = this.site.timers.now();
    try {
      const mode = probeMode ? await this.mode() : null;
      const version = probeMode
        ? await this.call<{ version: string }>((reply) => sim.serverMetadata(reply))
        : null;
      const rows =
        scope === 'full'
          ? await this.askTwice<readonly IndexRow[]>((reply) => sim.index({ ready: false }, reply))
          : null;
      const statistics = await this.askTwice<readonly ModelStatistics[]>((reply) =>
        sim.statistics('', '', reply),
      );
      const metrics = await this.metrics();
      return {
        begunAt,
        endedAt: this.site.timers.now(),
        index: rows && indexRows(rows),
        serving: servingRows(statistics.map(asMessage)),
        metrics,
        mode,
        serverVersion: version?.version ?? null,
      };
    } catch (error) {
      throw lookRefused(error);
    }
  }

  async describe(model: ModelId): Promise<ModelDescription> {
    return describeConfig(await this.call<object>((reply) => this.site.sim.modelConfig(model, '', reply)));
  }

  probe(): Promise<boolean> {
    return this.connection.probe();
  }

  watch(listener: (fact: ContactFact) => void): void {
    this.listener = listener;
    this.connection.open(listener);
  }

  close(): void {
    this.connection.close();
  }

  /** Once the server is forgotten no process knows of the order any more, not even one that has the server later. */
  private openOrder(kind: OpenOrder['kind'], model: ModelId): OpenOrder {
    const { connection, life, site } = this;
    return {
      kind,
      model,
      get life() {
        return connection.isForgotten ? NOBODY : life;
      },
      orderedAt: site.timers.now(),
    };
  }

  private async metrics(): Promise<Look['metrics']> {
    if (!this.site.planned.hasMetrics) return null;
    const gauges = await this.connection.get(() => this.site.sim.gauges(), METRICS_TIMEOUT);
    return gauges === undefined ? null : sampleOf(gauges);
  }

  private async mode(): Promise<ControlMode> {
    try {
      await this.call((reply) => this.site.sim.unload(MODE_PROBE, {}, reply));
      return 'explicit';
    } catch (error) {
      if (error instanceof CallFailed && saysWrongMode(error)) return 'wrong_mode';
      if (error instanceof CallFailed && saysRestricted(error)) return 'restricted';
      throw error;
    }
  }

  private async order(
    kind: 'load' | 'unload',
    model: ModelId,
    parameters: OrderParameters,
    within: Millis,
  ): Promise<void> {
    if (!this.connection.isOpen) throw new OrderUnsent();
    if (kind === 'load') this.onLoad(model);
    const lost = this.site.takeLostReply(kind);
    const order = this.openOrder(kind, model);
    const { madeAnew } = this.connection;
    const isTaken = (): boolean =>
      this.site.timers.now() < order.orderedAt + within ||
      (this.site.sim.takesLate && this.connection.isOpen && this.connection.madeAnew === madeAnew);
    const arrive = (reply: Reply<object>): void => {
      if (isTaken()) this.site.order(order, parameters, losing(lost, reply));
    };
    try {
      await this.call<object>(arrive, within);
    } catch (error) {
      const refused = error instanceof CallFailed ? await this.causeOf(error, model) : null;
      throw refused === null ? error : new OrderRefused(refused, String(error));
    }
  }

  private async causeOf(failure: CallFailed, model: ModelId): Promise<FailureCause | null> {
    const refused = refusedBecause(failure, model);
    if (refused !== 'poll_failed') return refused;
    const ask = (reply: Reply<readonly IndexRow[]>): void => this.site.sim.index({ ready: false }, reply);
    const rows = await this.call(ask).catch(() => undefined);
    return !rows || rows.some(({ name }) => name === model) ? 'configuration' : 'missing';
  }

  private askTwice<T>(ask: (reply: Reply<T>) => void): Promise<T> {
    return askTwice((within) => this.call(ask, within), CALL_TIMEOUT, this.site.timers);
  }

  private async call<T>(ask: (reply: Reply<T>) => void, within = CALL_TIMEOUT): Promise<T> {
    try {
      return valueOf(await this.connection.call(ask, within), this.site.id);
    } catch (error) {
      if (error instanceof CallFailed && saysLeaving(error)) this.listener('leaving');
      throw error;
    }
  }
}

function losing<T>(lost: LostReply | undefined, reply: Reply<T>): Reply<T> {
  if (lost === undefined) return reply;
  return () => {
    if (lost === 'break') reply({ error: { code: 'UNAVAILABLE', message: 'Stream removed' } });
  };
}

function valueOf<T>(answer: Answer<T> | { error: RpcError | 'deadline' }, subject: string): T {
  if ('ok' in answer) return answer.ok;
  const { error } = answer;
  if (error === 'deadline') throw new CallFailed(status.DEADLINE_EXCEEDED, 'Deadline Exceeded', subject);
  throw new CallFailed(status[error.code], error.message, subject);
}

const asMessage = ({ name, version, lastInference, success, fail, queue }: ModelStatistics) => ({
  name,
  version,
  last_inference: String(lastInference),
  inference_stats: {
    success: { count: String(success.count) },
    fail: { count: String(fail.count) },
    queue: { ns: String(queue.ns) },
  },
});

function sampleOf({ gpus, hostMemory, pending }: Gauges): MetricsSample {
  const byModel = new Map<ModelId, number>();
  for (const { model, requests } of pending) {
    byModel.set(model as ModelId, (byModel.get(model as ModelId) ?? 0) + requests);
  }
  return { gpus, hostMemory: hostMemory || null, pending: byModel };
}
