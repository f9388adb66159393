import { createServer, type AddressInfo } from 'node:net';

/** A port that no process listens on at this moment: the wanted one, or any where that is 0. Rejects where there is none. */
export function freePort(host: string, wanted = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(wanted, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
