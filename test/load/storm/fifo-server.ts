/** A process that serves Resolve from a plain FIFO queue before the same kind of servers: ADDRESSES_JSON WORKLOAD_JSON. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, status } from '@grpc/grpc-js';
import { ON_ONE_GPU } from '../../support/on-one-gpu.js';
import { Caller, ROUTER } from '../rpc.js';
import { FifoBooks, type FifoOrder } from './fifo-books.js';
import type { Workload } from './workload.js';

interface Ask {
  readonly model: string;
  readonly waitMs: number;
  readonly leaseMs: number;
}

interface Index {
  readonly models: readonly { readonly name: string; readonly state: string }[];
}

/** How often it looks whether what it unloads is gone, and whether leases have ended. */
const POLL_MS = 25;

const [addresses = '', workload = ''] = process.argv.slice(2);
const tritons = (JSON.parse(addresses) as string[]).map((address) => new Caller(address));
const books = new FifoBooks(JSON.parse(workload) as Workload);
const answers = new Map<number, (answer: 'cold' | 'timed_out') => void>();
let asked = 0;

function resolve(call: ServerUnaryCall<Ask, object>, callback: sendUnaryData<object>): void {
  const { model, waitMs, leaseMs } = call.request;
  const id = (asked += 1);
  const answer = books.arrive({ id, model, lease: leaseMs }, performance.now());
  if (answer === 'warm') return callback(null, { model, cold: false });
  if (answer === 'queue_full') return callback({ code: status.RESOURCE_EXHAUSTED, details: answer });
  const timer = setTimeout(() => answers.get(id)!('timed_out'), waitMs);
  answers.set(id, (given) => {
    clearTimeout(timer);
    answers.delete(id);
    books.leave(id);
    if (given === 'cold') callback(null, { model, cold: true });
    else callback({ code: status.UNAVAILABLE, details: given });
  });
  goOn();
}

function goOn(): void {
  for (const order of books.next(performance.now()))
    void (order.kind === 'load' ? load(order) : unload(order));
}

async function load({ model, server, device }: FifoOrder): Promise<void> {
  const config = { ...ON_ONE_GPU, instance_group: [{ kind: 'KIND_GPU', count: 1, gpus: [device] }] };
  const parameters = { config: { string_param: JSON.stringify(config) } };
  try {
    await tritons[server]!.triton('RepositoryModelLoad', { model_name: model, parameters });
    for (const id of books.loaded(model, performance.now())) answers.get(id)?.('cold');
  } catch {
    books.gone(model);
  }
  goOn();
}

/** Its memory is free once its row says so. */
async function unload({ model, server }: FifoOrder): Promise<void> {
  const triton = tritons[server]!;
  await triton.triton('RepositoryModelUnload', { model_name: model });
  for (;;) {
    const { models } = await triton.triton<Index>('RepositoryIndex', {});
    if (models.find(({ name }) => name === model)?.state === 'UNAVAILABLE') break;
    await sleep(POLL_MS);
  }
  books.gone(model);
  goOn();
}

setInterval(goOn, POLL_MS);
const server = new Server();
server.addService(ROUTER, { resolve });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`127.0.0.1:${port}\n`);
});
process.stdin.resume().once('end', () => process.exit());
