import { connect, createServer, type Server as TcpServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ContactFact, ServerId } from '#core';
import type { Trouble } from '#engine';
import { until } from '../../../test/support/until.js';
import { attemptConnection } from './tcp.js';
import { type TritonOptions, TritonServer } from './triton-server.js';

const open: { close: () => void }[] = [];

afterEach(() => open.splice(0).forEach((each) => each.close()));

/** A gRPC server that has no calls: enough for a connection. */
async function startGrpc(port = 0): Promise<{ port: number; close: () => void }> {
  const server = new Server();
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, found) =>
      error ? reject(error) : resolve(found),
    ),
  );
  const started = { port: bound, close: () => server.forceShutdown() };
  open.push(started);
  return started;
}

function watch(
  port: number,
  options: Partial<TritonOptions> = {},
): { facts: ContactFact[]; server: TritonServer } {
  const grpc = `127.0.0.1:${port}`;
  const server = new TritonServer({
    id: 't0' as ServerId,
    grpc,
    metrics: null,
    headers: {},
    tls: null,
    clock: { now: () => performance.now() },
    ...options,
  });
  open.push(server);
  const facts: ContactFact[] = [];
  server.watch((fact) => void facts.push(fact));
  return { facts, server };
}

async function sparePort(): Promise<number> {
  const { port, close } = await startGrpc();
  close();
  return port;
}

describe('the facts of a control connection', () => {
  it('tell that it stands, that it ended without a call, and that it stands again', async () => {
    const first = await startGrpc();
    const { facts } = watch(first.port);
    await until(() => facts.length > 0);
    expect(facts).toEqual(['connected']);

    first.close();
    await until(() => facts.includes('refused'));
    expect(facts).toEqual(['connected', 'ended', 'refused']);

    await startGrpc(first.port);
    await until(() => facts.length > 3);
    expect(facts).toEqual(['connected', 'ended', 'refused', 'connected']);
  });

  it('tell of a refusal before the first connection, once, and go on trying', async () => {
    const port = await sparePort();
    const { facts } = watch(port);
    await until(() => facts.includes('refused'));
    await startGrpc(port);
    await until(() => facts.includes('connected'));
    expect(facts).toEqual(['refused', 'connected']);
  });

  it('tell no refusal where the port stayed open', async () => {
    const behind = await startGrpc();
    const relay = await startRelay(behind.port);
    const { facts } = watch(relay.port);
    await until(() => facts.includes('connected'));
    relay.drop();
    await until(() => facts.length === 3);
    expect(facts).toEqual(['connected', 'ended', 'connected']);
  });

  it('tell nothing once it is closed', async () => {
    const { port, close } = await startGrpc();
    const { facts, server } = watch(port);
    await until(() => facts.length > 0);
    server.close();
    close();
    await until(
      async () => (await attemptConnection(`127.0.0.1:${port}`, { withinMs: 1_000 })) === 'refused',
    );
    expect(facts).toEqual(['connected']);
  });
});

describe('what keeps a connection from standing', () => {
  const troublesOf = (port: number, tls: TritonOptions['tls']): Trouble[] => {
    const troubles: Trouble[] = [];
    const tellTrouble = (trouble: Trouble | null): void => void (trouble && troubles.push(trouble));
    watch(port, { tls, tellTrouble });
    return troubles;
  };

  it('is told where TLS is wanted of a port without it', async () => {
    const { port } = await startGrpc();
    const troubles = troublesOf(port, {});
    await until(() => troubles.length > 0);
    expect(troubles[0]).toMatchObject({ reason: 'no_handshake', detail: expect.stringMatching(/: \S/) });
    expect(troubles[0]!.detail).not.toMatch(/\d{4}-\d\d-\d\dT/);
  });

  it('is told of certificates that make no sense', async () => {
    const { port } = await startGrpc();
    const troubles = troublesOf(port, { ca: null, cert: 'no certificate', key: 'no key' });
    await until(() => troubles.length > 0);
    expect(troubles[0]).toMatchObject({ reason: 'no_handshake', detail: expect.stringMatching(/: \S/) });
  });

  it('is told where no process listens', async () => {
    const troubles = troublesOf(await sparePort(), null);
    await until(() => troubles.length > 1);
    expect(troubles[1]!.reason).toBe('refused');
  });
});

describe('a probe', () => {
  it('says whether a new connection is accepted', async () => {
    const { port, close } = await startGrpc();
    const { server } = watch(port);
    expect(await server.probe()).toBe(true);
    close();
    expect(await server.probe()).toBe(false);
  });
});

interface Relay {
  readonly port: number;
  readonly drop: () => void;
}

/** Stands between, so that a connection can end while the port stays open. */
async function startRelay(to: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const relay: TcpServer = createServer((socket) => {
    const onward = connect(to, '127.0.0.1');
    for (const each of [socket, onward]) sockets.add(each.on('error', () => {}));
    socket.pipe(onward).pipe(socket);
    socket.on('close', () => onward.destroy());
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const drop = () => sockets.forEach((socket) => socket.destroy());
  open.push({ close: () => (drop(), relay.close()) });
  return { port: (relay.address() as { port: number }).port, drop };
}
