import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { z } from 'zod';
import { fromStruct, itemWriter, type Struct } from '#contracts';
import { type EndingCall, goneOverGrpc } from '../caller-gone.js';
import { RpcFilter } from '../errors/rpc.filter.js';
import { callerAmong, isMessage, readRequest } from '../grpc/requests.js';
import { serverListSchema } from '../pages.js';
import { Running } from '../running.js';
import { freezeBodySchema, Freezes } from './freezes.js';
import { Overview } from './overview.js';
import { drainBodySchema, serverName } from './server-requests.js';
import { ServerWrites } from './server-writes.js';

const writeServer = itemWriter('GetServer');
const nothing = z.object({});
const named = z.object({ server: serverName });
const withSpec = named.extend({ spec: z.custom<Struct>(isMessage, { error: 'is required' }) });
const drained = named.extend(drainBodySchema.unwrap().shape);

/** Servers and the fleet over gRPC: the same operations as over HTTP. */
@Controller()
@UseFilters(RpcFilter)
export class FleetRpc {
  constructor(
    @Inject(Running) private readonly running: Running,
    @Inject(ServerWrites) private readonly writes: ServerWrites,
    @Inject(Overview) private readonly overview: Overview,
    @Inject(Freezes) private readonly freezes: Freezes,
  ) {}

  @GrpcMethod('Admin', 'ListServers')
  list(request: unknown, _: Metadata, call: EndingCall) {
    return this.running.now.servers.page(
      readRequest(serverListSchema, request),
      writeServer,
      goneOverGrpc(call),
    );
  }

  @GrpcMethod('Admin', 'GetServer')
  get(request: unknown) {
    return this.running.now.servers.get(readRequest(named, request).server);
  }

  @GrpcMethod('Admin', 'PutServer')
  async put(request: unknown, metadata: Metadata, call: EndingCall) {
    const { server, spec } = readRequest(withSpec, request);
    return (await this.writes.put(server, fromStruct(spec), callerAmong(metadata, call))).body;
  }

  @GrpcMethod('Admin', 'DeleteServer')
  async remove(request: unknown, metadata: Metadata, call: EndingCall) {
    await this.writes.remove(readRequest(named, request).server, callerAmong(metadata, call));
    return {};
  }

  @GrpcMethod('Admin', 'DrainServer')
  async drain(request: unknown, metadata: Metadata, call: EndingCall) {
    const { server, deadlineMs } = readRequest(drained, request);
    return (await this.writes.drain(server, deadlineMs, callerAmong(metadata, call))).body;
  }

  @GrpcMethod('Admin', 'UndrainServer')
  async undrain(request: unknown, metadata: Metadata, call: EndingCall) {
    return (await this.writes.undrain(readRequest(named, request).server, callerAmong(metadata, call))).body;
  }

  @GrpcMethod('Admin', 'GetFleet')
  fleet(request: unknown, _: Metadata, call: EndingCall) {
    readRequest(nothing, request);
    return this.overview.read(goneOverGrpc(call));
  }

  @GrpcMethod('Admin', 'FreezeFleet')
  async freeze(request: unknown, metadata: Metadata, call: EndingCall) {
    return (await this.freezes.freeze(readRequest(freezeBodySchema, request), callerAmong(metadata, call)))
      .body;
  }

  @GrpcMethod('Admin', 'UnfreezeFleet')
  async unfreeze(request: unknown, metadata: Metadata, call: EndingCall) {
    readRequest(nothing, request);
    return (await this.freezes.unfreeze(callerAmong(metadata, call))).body;
  }
}
