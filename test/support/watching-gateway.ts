import { Client, type ClientReadableStream, credentials, type ServiceError } from '@grpc/grpc-js';
import { routerClientService } from '#contracts';
import type { RouteEvent } from '../../apps/scheduler/src/cluster/replication/route-event.js';

const { WatchRoutes: WATCH, ReportUsage: REPORT } = routerClientService(Number);

/** A gateway that watches one Berth. It acknowledges each event at once, one report at a time, or when it is told to. */
export class WatchingGateway {
  readonly rows = new Set<string>();
  /** Events that changed nothing, since the last that did. */
  beats = 0;
  /** The version of the last event without `hasMore`. */
  version: RouteEvent['version'] | undefined;
  readonly errors: string[] = [];
  private readonly client: Client;
  private readonly stream: ClientReadableStream<RouteEvent>;
  private isReporting = false;
  private isOwed = false;

  constructor(
    address: string,
    readonly name: string,
    private readonly acknowledges: boolean,
  ) {
    this.client = new Client(address, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = WATCH!;
    const read = responseDeserialize as (bytes: Buffer) => RouteEvent;
    this.stream = this.client.makeServerStreamRequest(path, requestSerialize, read, { watcher: name });
    this.stream.on('data', (event: RouteEvent) => this.take(event));
    this.stream.on('error', (error) => this.errors.push(error.message));
  }

  /** Says what it has taken up, and what it uses. */
  async acknowledge(uses: readonly object[] = [], acknowledged = this.version): Promise<void> {
    const { path, requestSerialize, responseDeserialize } = REPORT!;
    const report = { watcher: this.name, uses, acknowledged };
    await new Promise<void>((resolve, reject) =>
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        report,
        (error: ServiceError | null) => (error ? reject(error) : resolve()),
      ),
    );
  }

  close(): void {
    this.stream.cancel();
    this.client.close();
  }

  private take({ gone, hasMore, resets, rows, version }: RouteEvent): void {
    if (resets) this.rows.clear();
    for (const { model, server } of rows) this.rows.add(`${model}@${server}`);
    for (const { model, server } of gone) this.rows.delete(`${model}@${server}`);
    this.beats = rows.length + gone.length > 0 ? 0 : this.beats + 1;
    if (hasMore) return;
    this.version = version;
    if (this.acknowledges) void this.pump();
  }

  private async pump(): Promise<void> {
    this.isOwed = true;
    if (this.isReporting) return;
    this.isReporting = true;
    while (this.isOwed) {
      this.isOwed = false;
      await this.acknowledge().catch((error: unknown) => this.errors.push(String(error)));
    }
    this.isReporting = false;
  }
}
