import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { berthctl, type CommandEnd } from '../../../test/support/berthctl.js';
import { ended, listening } from '../../../test/support/http-server.js';

/** What Berth says of a model that it does not know. */
const UNKNOWN = {
  ...{ type: 'urn:berth:problem:unknown_model', title: 'Unknown model', status: 404, detail: 'no model' },
  ...{ instance: '/v1/models', reason: 'unknown_model' },
};

describe('a connection that breaks while models are deleted', () => {
  let folder: string;
  let server: Server;
  let known: Set<string>;
  /** The model at whose turn the connection breaks. */
  let breaksAt: string | null;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-delete-'));
    await writeFile(join(folder, 'models.yaml'), 'models: { a: {}, b: {}, c: {} }');
    [known, breaksAt] = [new Set(['a', 'b', 'c']), 'b'];
    server = createServer(({ url = '', socket }, reply) => {
      const name = url.slice(url.lastIndexOf('/') + 1);
      if (name === breaksAt) return void socket.destroy();
      if (known.delete(name)) return void reply.writeHead(204).end();
      reply.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(UNKNOWN));
    }).on('connection', (socket) => sockets.push(socket));
    await listening(server);
  });

  afterEach(async () => {
    await ended(server, sockets.splice(0));
    await rm(folder, { recursive: true });
  });

  const deleteAll = (...options: string[]): Promise<CommandEnd> => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return berthctl(['delete', '-f', join(folder, 'models.yaml'), '--url', url, ...options]);
  };

  it('leaves told what was deleted, and a second run ends well', async () => {
    expect(await deleteAll()).toMatchObject({ status: 1, out: 'a is deleted\n1 model deleted\n' });
    breaksAt = null;
    expect(await deleteAll()).toEqual({
      status: 0,
      out: 'a is gone already\nb is deleted\nc is deleted\n2 models deleted, 1 gone already\n',
      err: '',
    });
  });

  it('leaves programs the same told', async () => {
    const first = await deleteAll('-o', 'json');
    expect([first.status, JSON.parse(first.out)]).toEqual([1, { items: [{ name: 'a', deleted: true }] }]);
    breaksAt = null;
    const second = await deleteAll('-o', 'json');
    expect([second.status, JSON.parse(second.out)]).toEqual([
      0,
      {
        items: [
          { name: 'a', deleted: false, problem: UNKNOWN },
          { name: 'b', deleted: true },
          { name: 'c', deleted: true },
        ],
      },
    ]);
  });
});
