import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What passes through a proxy in one direction, changed: the number of bytes has to stay the same. */
export type Rewrite = (chunk: Buffer) => Buffer;

export interface FaultProxyOptions {
  /** The loopback port that connections are passed on to. */
  readonly to: number;
  /** The port that it listens on; a spare one where it is left out. */
  readonly port?: number;
  /** What the other side answers goes through it. */
  readonly rewrite?: Rewrite;
}

/** A link on loopback that can be cut. */
export class FaultProxy {
  private readonly sockets = new Set<Socket>();
  private state: 'open' | 'cut' | 'silent' = 'open';

  private constructor(
    private readonly server: Server,
    private readonly to: number,
    private readonly rewrite: Rewrite,
  ) {
    server.on('connection', (socket) => this.join(socket));
  }

  static async start({ to, port = 0, rewrite = (chunk) => chunk }: FaultProxyOptions): Promise<FaultProxy> {
    const server = createServer();
    const proxy = new FaultProxy(server, to, rewrite);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as { readonly port: number }).port;
  }

  /** Every connection ends, and each new one at once. */
  cut(): void {
    this.state = 'cut';
    for (const socket of this.sockets) socket.destroy();
  }

  /** Connections stay, and new ones are accepted, but nothing passes: as where packets are lost. */
  silence(): void {
    this.state = 'silent';
    for (const socket of this.sockets) socket.pause();
  }

  /** All is well from now on, and what was held back passes. */
  mend(): void {
    this.state = 'open';
    for (const socket of this.sockets) socket.resume();
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(inner: Socket): void {
    if (this.state === 'cut') return void inner.destroy();
    const outer = connect(this.to, '127.0.0.1');
    this.pass(inner, outer, (chunk) => chunk);
    this.pass(outer, inner, this.rewrite);
  }

  private pass(from: Socket, to: Socket, rewrite: Rewrite): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      if (to.write(rewrite(chunk))) return;
      from.pause();
      to.once('drain', () => this.state !== 'silent' && from.resume());
    });
    from.on('error', () => from.destroy());
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
    if (this.state === 'silent') from.pause();
  }
}
