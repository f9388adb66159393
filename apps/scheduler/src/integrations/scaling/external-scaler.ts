import type { sendUnaryData, Server, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { externalScalerClientService, externalScalerService, MalformedRequest } from '#contracts';
import { invalid, Refused } from '../../transport/errors/refused.js';
import { RpcErrors } from '../../transport/errors/rpc-errors.js';
import { malformed } from '../../transport/grpc/requests.js';
import { SHUTTING_DOWN } from '../../transport/lifecycle.js';
import type { Following } from '../../cluster/leadership/following.js';
import { OfTerm, type PerTerm, Terms } from '../../cluster/leadership/per-term.js';
import { ScalingNumbers } from './scaling-numbers.js';

/** A peer that does not lead gives the leader so long to answer. */
const LEADER_ANSWERS_MS = 4_000;
const IS_ACTIVE = externalScalerClientService()['IsActive']!;

/** The only metric, and how many servers of it one server is: an autoscaler then has as many as the number says. */
const METRIC = 'servers';
const TARGET = 1;
/** Bound of open streams. */
const MAX_STREAMS = 100;
const STREAM_AGAIN_MS = 10_000;

interface Active {
  readonly result: boolean;
}
interface MetricsRequest {
  readonly metricName: string;
}
type Unary<Asked, Told> = (
  call: ServerUnaryCall<Asked | MalformedRequest, Told>,
  callback: sendUnaryData<Told>,
) => void;
type Stream = ServerWritableStream<unknown, Active>;

/** `externalscaler.ExternalScaler`, as KEDA calls it: raw handlers, since Nest serves the package of Berth alone. */
@Injectable()
export class ExternalScaler {
  /** The open streams, and what each was told last; null: nothing yet. */
  private readonly streams = new Map<Stream, boolean | null>();
  private isAsking = false;

  constructor(
    @Inject(Terms) private readonly terms: Terms,
    @Inject(RpcErrors) private readonly errors: RpcErrors,
    @OfTerm(ScalingNumbers) private readonly scaling: PerTerm<ScalingNumbers>,
  ) {}

  serveOn(server: Server): void {
    server.addService(externalScalerService(), {
      isActive: this.answering(() => ({ result: this.isActive() })),
      streamIsActive: (call: Stream) => this.stream(call),
      getMetricSpec: this.answering(() => ({
        metricSpecs: [{ metricName: METRIC, targetSize: TARGET, targetSizeFloat: TARGET }],
      })),
      getMetrics: this.answering((request: MetricsRequest) => this.metrics(request)),
    });
  }

  /** Tells the open streams where it has changed whether any server is wanted. */
  @Interval(5_000)
  refresh(): void {
    const [first] = this.streams.keys();
    if (first === undefined) return;
    const { following, leading } = this.terms;
    if (leading === null && following !== null) return void this.askLeader(following, first);
    try {
      const isActive = this.isActive();
      for (const stream of this.streams.keys()) this.tell(stream, isActive);
    } catch (error) {
      this.end(error);
    }
  }

  /** Streams stay open while no peer leads: KEDA would come back to this process all the same. */
  private async askLeader({ grpc }: Following, stream: Stream): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    const deadline = Date.now() + LEADER_ANSWERS_MS;
    const received = { path: IS_ACTIVE.path, metadata: stream.metadata, deadline, peer: stream.getPeer() };
    try {
      const { message } = await grpc.send({ ...received, signal: new AbortController().signal }, () => ({}));
      const told = message && (IS_ACTIVE.responseDeserialize(message) as Active);
      if (told) for (const each of this.streams.keys()) this.tell(each, told.result);
    } catch {
      // No peer leads: the next refresh asks again.
    } finally {
      this.isAsking = false;
    }
  }

  /** Ends all streams: a client reconnects, to another process if there is one. */
  end(why: unknown = new Refused(SHUTTING_DOWN)): void {
    for (const stream of this.streams.keys()) stream.emit('error', this.errors.of(why));
    this.streams.clear();
  }

  private isActive(): boolean {
    return this.scaling.now.wanted() > 0;
  }

  private metrics({ metricName }: MetricsRequest): object {
    if (metricName !== METRIC) throw invalid([{ path: 'metricName', rule: `must be "${METRIC}"` }]);
    const servers = this.scaling.now.wanted();
    return { metricValues: [{ metricName, metricValue: servers, metricValueFloat: servers }] };
  }

  private answering<Asked, Told>(answer: (request: Asked) => Told): Unary<Asked, Told> {
    return ({ request }, callback) => {
      try {
        if (request instanceof MalformedRequest) throw malformed(request);
        callback(null, answer(request));
      } catch (error) {
        callback(this.errors.of(error));
      }
    };
  }

  private stream(call: Stream): void {
    try {
      if (call.request instanceof MalformedRequest) throw malformed(call.request);
      if (this.streams.size >= MAX_STREAMS) throw TOO_MANY;
      const { following, leading } = this.terms;
      const isLed = leading === null && following !== null;
      if (isLed) this.streams.set(call, null);
      else this.tell(call, this.isActive());
      const gone = (): void => void this.streams.delete(call);
      for (const end of ['cancelled', 'error', 'close'] as const) call.on(end, gone);
      if (isLed) void this.askLeader(following, call);
    } catch (error) {
      call.emit('error', this.errors.of(error));
    }
  }

  /** A stream that does not read is told once it does. */
  private tell(stream: Stream, isActive: boolean): void {
    if (this.streams.get(stream) === isActive || stream.writableNeedDrain) return;
    this.streams.set(stream, isActive);
    stream.write({ result: isActive });
  }
}

const TOO_MANY = new Refused({
  reason: 'busy',
  detail: `at most ${MAX_STREAMS} streams may be open`,
  retryAfter: STREAM_AGAIN_MS,
});
