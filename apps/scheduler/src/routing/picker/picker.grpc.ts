import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { externalProcessorService, MalformedRequest } from '#contracts';
import { Metrics } from '#telemetry';
import { rated } from '../../cluster/leadership/rated.js';
import { principalOverGrpc } from '../../transport/access/principals.js';
import { RpcErrors } from '../../transport/errors/rpc-errors.js';
import { LOG } from '../../transport/nest-log.js';
import { Exchange, OutOfOrder } from './exchange.js';
import { Picker } from './picker.js';
import type { ProcessingRequest, ProcessingResponse } from './processing.js';

type Stream = ServerDuplexStream<ProcessingRequest | MalformedRequest, ProcessingResponse>;

/** `envoy.service.ext_proc.v3.ExternalProcessor`: a raw handler, since Nest serves the package of Berth alone. */
@Injectable()
export class PickerRpc {
  private readonly warn: (line: string) => void;

  constructor(
    @Inject(Picker) private readonly picker: Picker,
    @Inject(RpcErrors) private readonly errors: RpcErrors,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(LOG) log: Pick<Logger, 'warn'>,
  ) {
    this.warn = rated((line) => log.warn(line));
  }

  serveOn(server: Server): void {
    server.addService(externalProcessorService(), { process: (stream: Stream) => this.process(stream) });
  }

  private process(stream: Stream): void {
    let isOver = false;
    let gone: AbortController | undefined;
    const exchange = new Exchange({
      ...this.picker.of({
        principal: principalOverGrpc(stream.metadata),
        metadata: stream.metadata,
        peer: stream.getPeer(),
        signal: () => (gone ??= new AbortController()).signal,
      }),
      tell: (answer) => void (isOver || stream.write(answer) || stream.pause()),
      pause: () => void stream.pause(),
      resume: () => void (stream.writableNeedDrain || stream.resume()),
    });
    const close = (): void => {
      if (isOver) return;
      isOver = true;
      gone?.abort();
      exchange.close();
    };
    stream.on('drain', () => stream.resume());
    stream.on('cancelled', () => {
      if (!isOver) this.wasReset();
      close();
    });
    stream.on('error', close);
    // Envoy waits for this, a second at most; what is left of the answer is of no use to it.
    stream.on('end', () => {
      close();
      stream.end();
    });
    stream.on('data', (message: ProcessingRequest | MalformedRequest) => {
      try {
        if (message instanceof MalformedRequest) throw new OutOfOrder(message.rule);
        exchange.take(message);
      } catch (error) {
        stream.emit('error', this.failure(error));
      }
    });
  }

  /** Envoy has cut a stream instead of closing it. */
  private wasReset(): void {
    this.metrics.counts.envoyStreamsReset.inc();
    this.warn('Envoy resets the streams of its requests: set ext_proc_graceful_grpc_close (docs/envoy.md)');
  }

  private failure(error: unknown): object {
    if (error instanceof OutOfOrder) return { code: status.INVALID_ARGUMENT, details: error.message };
    return this.errors.of(error);
  }
}
