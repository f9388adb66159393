import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { pino } from 'pino';
import { loadConfig } from '#config';
import { adminClientService } from '#contracts';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { berthctl } from '../support/berthctl.js';
import type { Published } from '../support/published.js';
import { rpcClient } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

/** Each secret that Berth is given, by how it is given. */
const SECRETS = {
  'a restricted header of the file': 'canary-in-the-file-4711',
  'a file of headers': 'canary-in-the-headers-file-4712',
  'a restricted header over the API': 'canary-over-the-api-4713',
  'a header that is refused': 'canary-refused-4714',
  'a credential of a request': 'canary-credential-4715',
  'a credential in a URL': 'canary-in-the-url-4716',
  'the token of berthctl': 'canary-of-berthctl-4717',
};
const KEY = 'triton-grpc-protocol-canary';

describe('a secret', () => {
  let folder: string;
  let triton: RunningSim;
  let scheduler: RunningScheduler;
  /** What could be read of Berth, by where. */
  const read = new Map<string, string>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-canary-'));
    triton = await startTritonSim({
      speed: 10,
      triton: { restriction: { key: 'canary', value: SECRETS['a restricted header of the file'] } },
    });
    scheduler = await started();
    await until(() => scheduler.engine.fleet.servers.get('a' as never)?.lookedAt);
    await overHttp();
    await overGrpc();
    await overCommandLine();
    await scheduler.close();
    const turns = join(folder, 'data', 'turns');
    for (const name of await readdir(turns))
      read.set(`recording ${name}`, await readFile(join(turns, name), 'utf8'));
  });

  afterAll(async () => {
    await triton.close();
    await rm(folder, { recursive: true });
  });

  it('is looked for in answers, metrics, audit, log and recordings', () => {
    const places = [...read.keys()];
    expect(places).toEqual(
      expect.arrayContaining([
        'GET /v1/servers/a',
        'GetServer of gRPC',
        'GET /v1/audit',
        'GET /metrics',
        'PUT /v1/servers/refused',
        'berthctl audit',
        'log',
      ]),
    );
    expect(places.some((place) => place.startsWith('recording'))).toBe(true);
    expect(read.get('log')).toContain('"level":20');
    expect(read.get('GET /v1/audit')).toContain('PUT /v1/servers/c');
    expect(read.get('GET /v1/servers/a')).toContain('"state":"ready"');
  });

  it.each(Object.entries(SECRETS))('is in none of them: %s', (_, secret) => {
    const found = [...read].filter(([, text]) => text.includes(secret));
    expect(found.map(([place]) => place)).toEqual([]);
  });

  /** A scheduler in front of a Triton that asks for the key, and of servers that are not there. */
  async function started(): Promise<RunningScheduler> {
    await writeFile(join(folder, 'headers.yaml'), `${KEY}: ${SECRETS['a file of headers']}`);
    const { grpc, http, metrics } = triton.addresses;
    const servers = [
      { id: 'a', grpc, http, metrics, headers: { [KEY]: SECRETS['a restricted header of the file'] } },
      { id: 'b', grpc: '127.0.0.1:9', headersFile: join(folder, 'headers.yaml') },
    ];
    const [ours, rpc] = ['127.0.0.1:0', '127.0.0.1:0'];
    const text = JSON.stringify({ http: ours, grpc: rpc, data: join(folder, 'data'), servers, recorder: {} });
    const result = await loadConfig({ file: { path: 'berth.yaml', text }, env: {}, flags: { triton: [] } });
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    const write = (line: string): void => void read.set('log', `${read.get('log') ?? ''}${line}`);
    return createScheduler(result.config, { log: pino({ level: 'trace' }, { write }) });
  }

  /** Every GET there is, writes that are accepted, and writes that are refused. */
  async function overHttp(): Promise<void> {
    const over = { grpc: '127.0.0.1:10', headers: { [KEY]: SECRETS['a restricted header over the API'] } };
    const refused = { grpc: 'no address', headers: { [`${KEY} `]: SECRETS['a header that is refused'] } };
    await ask('PUT', '/v1/servers/c', over);
    await ask('PUT', '/v1/servers/c', { ...over, labels: { a: 'b' } });
    await ask('PUT', '/v1/servers/refused', refused);
    await ask('PUT', '/v1/servers/refused', JSON.stringify(refused).slice(0, -1));
    await ask('POST', '/v1/models/resnet50/load?waitMs=60000');
    await ask('GET', `/v1/models?key=${SECRETS['a credential in a URL']}`);
    await ask('GET', '/openapi.json');
    const { paths } = JSON.parse(read.get('GET /openapi.json')!) as { paths: Published };
    for (const [path, methods] of Object.entries(paths)) {
      const named = path.replace('{model}', 'resnet50').replace('{server}', 'a');
      if ('get' in methods) await ask('GET', named);
    }
  }

  async function ask(method: string, path: string, body?: object | string): Promise<void> {
    const headers = {
      authorization: `Bearer ${SECRETS['a credential of a request']}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const sent = { method, headers, ...(body === undefined ? {} : { body: text }) };
    const answer = await fetch(`${scheduler.http}${path}`, sent);
    const told = `${answer.status} ${JSON.stringify([...answer.headers])} ${await textOf(answer)}`;
    const [name = ''] = path.split('?');
    read.set(`${method} ${name}`, path === '/openapi.json' ? told.slice(told.indexOf(' {') + 1) : told);
  }

  /** Of a stream that does not end, what comes first. */
  async function textOf(answer: Response): Promise<string> {
    if (answer.headers.get('content-type') !== 'text/event-stream') return answer.text();
    const reader = answer.body!.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return Buffer.from(value ?? []).toString();
  }

  /** Each method of Admin that only reads, and one that is refused. */
  async function overGrpc(): Promise<void> {
    const admin = rpcClient({ scheduler }, 'Admin');
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${SECRETS['a credential of a request']}`);
    const reading = Object.keys(adminClientService()).filter((name) => /^(Get|List|Explain)/.test(name));
    const asked = { model: 'resnet50', server: 'a' };
    for (const method of [...reading, 'PutServer']) {
      const spec = { fields: { headers: { stringValue: SECRETS['a header that is refused'] } } };
      const request =
        method === 'PutServer' ? { server: 'refused', spec } : method.startsWith('List') ? {} : asked;
      const told = await admin.call(method, request, metadata).catch((error: unknown) => inFull(error));
      read.set(`${method} of gRPC`, JSON.stringify(told));
    }
    admin.close();
  }

  async function overCommandLine(): Promise<void> {
    const env = { BERTH_URL: scheduler.http, BERTH_TOKEN: SECRETS['the token of berthctl'] };
    for (const line of ['get servers', 'audit', 'audit verify', 'get models nobody']) {
      const { out, err } = await berthctl(line.split(' '), env);
      read.set(`berthctl ${line}`, `${out}${err}`);
    }
    const nowhere = await berthctl(['get', 'fleet', '--url', 'http://127.0.0.1:9'], env);
    read.set('berthctl without Berth', nowhere.err);
  }
});

/** An error with all that it carries: the details of a gRPC status are bytes in its metadata. */
function inFull(error: unknown): object {
  const { message, details, metadata } = error as { message: string; details: string; metadata: Metadata };
  const bytes = metadata.get('grpc-status-details-bin').map((value) => value.toString());
  return { message, details, bytes };
}
