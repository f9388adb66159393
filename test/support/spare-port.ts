import { createServer } from 'node:net';

/** Below those that the system gives to outgoing connections, so that none of these takes a port of ours. */
const PORTS = { first: 20_000, count: 12_000 };

/** A loopback port that no process listens on now. It has five digits. */
export async function sparePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    const server = createServer();
    const isSpare = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isSpare) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
