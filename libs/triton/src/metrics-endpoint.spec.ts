import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { PATIENCE_MS } from '../../../test/support/until.js';
import { readMetrics } from './metrics-endpoint.js';

const open: { close: () => void }[] = [];
const never = new AbortController().signal;

afterEach(() => open.splice(0).forEach((each) => each.close()));

async function startEndpoint(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_, response) => answer(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({ close: () => (server.closeAllConnections(), server.close()) });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

describe('the metrics endpoint', () => {
  it('is read', async () => {
    const url = await startEndpoint((response) => response.end('nv_cpu_memory_total_bytes 5\n'));
    expect(await readMetrics(url, never, PATIENCE_MS)).toEqual({
      gpus: [],
      hostMemory: 5,
      pending: new Map(),
    });
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['says too much', (response) => response.end('nv_x 1\n'.repeat(2 ** 21))],
    ['says nothing', (response) => response.end()],
    ['has an error', (response) => response.writeHead(500).end('nv_x 1\n')],
    ['leads elsewhere', (response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    ['breaks', (response) => void response.destroy()],
  ])('counts for none where it %s', async (_, answer) => {
    expect(await readMetrics(await startEndpoint(answer), never, PATIENCE_MS)).toBeNull();
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['hangs', () => {}],
    ['begins and then hangs', (response) => void response.write('nv_x 1\n')],
  ])('is waited for no longer than it may take, where it %s', async (_, answer) => {
    expect(await readMetrics(await startEndpoint(answer), never, 100)).toBeNull();
  });

  it('is not waited for once we close', async () => {
    const closing = new AbortController();
    const url = await startEndpoint(() => closing.abort());
    expect(await readMetrics(url, closing.signal, PATIENCE_MS)).toBeNull();
    expect(await readMetrics(url, closing.signal, PATIENCE_MS)).toBeNull();
  });
});
