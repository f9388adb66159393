import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CannotListen, checkAddresses } from './cannot-listen.js';

describe('addresses that are to be served on', () => {
  let other: Server;
  let port: number;

  beforeEach(async () => {
    other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    ({ port } = other.address() as AddressInfo);
  });

  afterEach(() => new Promise((done) => other.close(done)));

  const free = { host: '127.0.0.1', port: 0 };

  it.each(['http', 'grpc'] as const)(
    'are refused in one line where %s is taken, with what helps',
    async (what) => {
      const taken = { host: '127.0.0.1', port };
      const refused = checkAddresses({ http: free, grpc: free, [what]: taken });
      await expect(refused).rejects.toBeInstanceOf(CannotListen);
      const [name, flag] = what === 'http' ? ['HTTP', 'BERTH_HTTP'] : ['gRPC', 'BERTH_GRPC'];
      await expect(refused).rejects.toThrow(
        `${name} cannot be served on 127.0.0.1:${port}: a process listens there already (--${what} or ${flag} gives another)`,
      );
    },
  );

  it('are taken where they are free', async () => {
    await new Promise((done) => other.close(done));
    await checkAddresses({ http: { host: '127.0.0.1', port }, grpc: free });
    other = createServer().listen(0);
  });
});
