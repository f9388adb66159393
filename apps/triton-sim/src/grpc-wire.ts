import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { Metadata, sendUnaryData, ServerUnaryCall, UntypedHandleCall } from '@grpc/grpc-js';
import { says } from '#triton-simulator';
import type { Answer, Headers, OrderParameters, Reply, RpcError, SimulatedTriton } from '#triton-simulator';
import { batchOf, echo } from './echo.js';
import type { InferRequest } from './echo.js';
import type { Address, Listener } from './gate.js';
import { tritonService } from './proto.js';
import { wireStatistics } from './wire-statistics.js';

interface Named {
  readonly name: string;
  readonly version: string;
}

interface Order {
  readonly repository_name: string;
  readonly model_name: string;
  readonly parameters: Readonly<Record<string, WireParameter>>;
}

interface WireParameter {
  readonly parameter_choice?: 'bool_param' | 'int64_param' | 'string_param' | 'bytes_param';
  readonly bool_param?: boolean;
  readonly int64_param?: string;
  readonly string_param?: string;
  readonly bytes_param?: Buffer;
}

/** Opens the gRPC port of one life of the server; closing it breaks every connection, as a death does. */
export async function listenGrpc(sim: SimulatedTriton, address: Address): Promise<Listener> {
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  server.addService(tritonService().service, { ...observations(sim), ...orders(sim), ...inference(sim) });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    injector.injectConnection(socket);
  });
  tcp.listen(address.port, address.host);
  await once(tcp, 'listening');
  const close = async (): Promise<void> => {
    const closed = once(tcp, 'close');
    tcp.close();
    for (const socket of sockets) socket.destroy();
    server.forceShutdown();
    await closed;
  };
  return { port: (tcp.address() as AddressInfo).port, close };
}

function observations(sim: SimulatedTriton): Record<string, UntypedHandleCall> {
  return {
    ServerLive: unary((_request, reply) => sim.serverLive(as(reply, (live) => ({ live })))),
    ServerReady: unary((_request, reply) => sim.serverReady(as(reply, (ready) => ({ ready })))),
    ServerMetadata: unary((_request, reply) => sim.serverMetadata(as(reply, (metadata) => metadata))),
    ModelReady: unary(({ name, version }: Named, reply) =>
      sim.modelReady(
        name,
        version,
        as(reply, (ready) => ({ ready })),
      ),
    ),
    ModelMetadata: unary(({ name, version }: Named, reply) =>
      sim.modelMetadata(
        name,
        version,
        as(reply, (metadata) => metadata),
      ),
    ),
    ModelConfig: unary(({ name, version }: Named, reply) =>
      sim.modelConfig(
        name,
        version,
        as(reply, (config) => ({ config })),
      ),
    ),
    ModelStatistics: unary(({ name, version }: Named, reply) =>
      sim.statistics(
        name,
        version,
        as(reply, (rows) => ({ model_stats: rows.map(wireStatistics) })),
      ),
    ),
  };
}

function orders(sim: SimulatedTriton): Record<string, UntypedHandleCall> {
  return {
    RepositoryIndex: unary(
      ({ repository_name, ready }: { repository_name: string; ready: boolean }, reply, headers) => {
        if (repository_name !== '') return reply({ error: says.repositoryName() });
        sim.index(
          { ready },
          as(reply, (models) => ({ models })),
          headers,
        );
      },
    ),
    RepositoryModelLoad: order(sim, 'load'),
    RepositoryModelUnload: order(sim, 'unload'),
  };
}

/** What was read in one go is an order and the word that its caller has given up: that one is dropped. */
function order(sim: SimulatedTriton, kind: 'load' | 'unload'): UntypedHandleCall {
  const take = unary<Order>((sent, reply, headers) => {
    if (sent.repository_name !== '') return reply({ error: says.repositoryName() });
    sim[kind](sent.model_name, readParameters(sent), reply, headers);
  });
  return (call: ServerUnaryCall<Order, object>, callback: sendUnaryData<object>) =>
    void setImmediate(() => (call.cancelled && !sim.takesLate ? undefined : take(call, callback)));
}

function inference(sim: SimulatedTriton): Record<string, UntypedHandleCall> {
  return {
    ModelInfer: unary((request: InferRequest, reply) => {
      const { model_name: model, model_version: wanted } = request;
      const inputs = request.inputs.map(({ name }) => name);
      const config = sim.repository.model(model)?.config ?? {};
      sim.infer(
        { model, version: wanted, inputs, batchSize: batchOf(request.inputs) },
        as(reply, ({ version }) => echo(request, version, config)),
      );
    }),
  };
}

function unary<Request>(
  answer: (request: Request, reply: Reply<object>, headers: Headers) => void,
): (call: ServerUnaryCall<Request, object>, callback: sendUnaryData<object>) => void {
  return (call, callback) => {
    answer(call.request, (result) => send(result, callback), readHeaders(call.metadata));
  };
}

function as<T>(reply: Reply<object>, shape: (value: T) => object): Reply<T> {
  return (answer) => reply('ok' in answer ? { ok: shape(answer.ok) } : answer);
}

function send(answer: Answer<object>, callback: sendUnaryData<object>): void {
  if ('ok' in answer) callback(null, answer.ok);
  else callback(statusOf(answer.error));
}

function statusOf({ code, message }: RpcError): { code: status; details: string } {
  return { code: status[code], details: message };
}

function readHeaders(metadata: Metadata): Headers {
  return Object.fromEntries(Object.entries(metadata.getMap()).map(([key, value]) => [key, String(value)]));
}

function readParameters({ parameters }: Order): OrderParameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [
      key,
      value[value.parameter_choice ?? 'bool_param'] ?? false,
    ]),
  );
}
