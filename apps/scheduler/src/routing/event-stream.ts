import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { GatewayName, GatewayStream } from '../cluster/replication/gateway-subscriptions.js';
import type { RouteEvent } from '../cluster/replication/route-event.js';
import type { Problem } from '../transport/errors/problem.js';
import type { Refused } from '../transport/errors/refused.js';
import { eventJson, versionName } from './route-json.js';

/** After a stream that has broken, a client waits for so long before it opens another one. */
const RETRY_MS = 1_000;
/** The connection ends with the stream: nothing else is asked for on it. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  connection: 'close',
};

/** A gateway that is told of routes by server-sent events. The head is sent with the first one: before that it may be refused. */
export class EventStream implements GatewayStream {
  /** They take some 30 KiB in JSON. */
  readonly mostRows = 250;
  readonly watcher: string;
  readonly credential: string;

  /** `headers` are those of every answer; `refusal` has the words for the end of the stream. */
  constructor(
    private readonly response: ServerResponse,
    private readonly headers: OutgoingHttpHeaders,
    { watcher, credential }: GatewayName,
    private readonly refusal: (cause?: Refused) => Problem,
  ) {
    this.watcher = watcher;
    this.credential = credential;
    // What is written to a client that has just gone is lost.
    response.on('error', () => undefined);
  }

  get isFree(): boolean {
    return !this.response.writableNeedDrain;
  }

  /** Only after an event without `hasMore` a client has all of a version: it names that one when it comes back. */
  write(event: RouteEvent): void {
    const { response } = this;
    const isFirst = !response.headersSent;
    if (isFirst) response.writeHead(200, { ...this.headers, ...STREAM_HEADERS });
    const retry = isFirst ? `retry: ${RETRY_MS}\n` : '';
    const id = event.hasMore ? '' : `id: ${versionName(event.version)}\n`;
    response.write(`event: routes\n${retry}${id}data: ${JSON.stringify(eventJson(event))}\n\n`);
  }

  /** A client that does not read is not waited for. */
  end(cause?: Refused): void {
    const { response } = this;
    if (!this.isFree) return void response.destroy();
    const { body } = this.refusal(cause);
    const retry = Number(body['retryAfterMs'] ?? RETRY_MS);
    response.end(`event: end\nretry: ${retry}\ndata: ${JSON.stringify(body)}\n\n`);
  }
}
