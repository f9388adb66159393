import { createServer } from 'node:net';

/** Below those that the system gives to outgoing connections, so that none of these takes a port of ours. */
const PORTS = { first: 20_000, count: 3_000 };
/** Workers of Jest that run side by side take ports from different ranges. */
const RANGE = Number(process.env['JEST_WORKER_ID'] ?? 0) % 4;

/** What was handed out lately: its process may not listen yet. */
const given = new Set<number>();
const MAX_GIVEN = 1_000;

/** A loopback port that no process listens on now. It has five digits. */
export async function sparePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + RANGE * PORTS.count + Math.floor(Math.random() * PORTS.count);
    if (given.has(port)) continue;
    const server = createServer();
    const isSpare = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isSpare) continue;
    await new Promise((resolve) => server.close(resolve));
    if (given.size === MAX_GIVEN) given.clear();
    given.add(port);
    return port;
  }
}
