import { Controller, UseFilters, UseInterceptors } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { fromStruct, itemWriter, type Struct } from '#contracts';
import { RpcFilter } from '../../transport/errors/rpc.filter.js';
import { isMessage, readRequest } from '../../transport/grpc/requests.js';
import { serverListSchema } from '../../transport/lists/pages.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import { FromCaller, Gone } from '../idempotency/caller.decorator.js';
import type { Caller } from '../../transport/access/caller.js';
import { WrittenInterceptor } from '../idempotency/written.interceptor.js';
import { freezeBodySchema, Freezes } from './freezes.js';
import { Overview } from './overview.js';
import { drainBodySchema, serverName } from './server-requests.js';
import { ServerWrites } from './server-writes.js';
import { ServerList } from './server-list.js';

const writeServer = itemWriter('ListServers');
const nothing = z.object({});
const named = z.object({ server: serverName });
const withSpec = named.extend({ spec: z.custom<Struct>(isMessage, { error: 'is required' }) });
const drained = named.extend(drainBodySchema.unwrap().shape);

/** Servers and the fleet over gRPC: the same operations as over HTTP. */
@Controller()
@UseFilters(RpcFilter)
@UseInterceptors(WrittenInterceptor)
export class FleetRpc {
  constructor(
    @OfTerm(ServerList) private readonly servers: PerTerm<ServerList>,
    @OfTerm(ServerWrites) private readonly writes: PerTerm<ServerWrites>,
    @OfTerm(Overview) private readonly overview: PerTerm<Overview>,
    @OfTerm(Freezes) private readonly freezes: PerTerm<Freezes>,
  ) {}

  @GrpcMethod('Admin', 'ListServers')
  list(@Payload() request: unknown, @Gone() signal: AbortSignal) {
    return this.servers.certain.page(readRequest(serverListSchema, request), writeServer, signal);
  }

  @GrpcMethod('Admin', 'GetServer')
  get(request: unknown) {
    return this.servers.certain.get(readRequest(named, request).server);
  }

  @GrpcMethod('Admin', 'PutServer')
  put(@Payload() request: unknown, @FromCaller() caller: Caller) {
    const { server, spec } = readRequest(withSpec, request);
    return this.writes.certain.put(server, fromStruct(spec), caller);
  }

  @GrpcMethod('Admin', 'DeleteServer')
  remove(@Payload() request: unknown, @FromCaller() caller: Caller) {
    return this.writes.certain.remove(readRequest(named, request).server, caller);
  }

  @GrpcMethod('Admin', 'DrainServer')
  drain(@Payload() request: unknown, @FromCaller() caller: Caller) {
    const { server, deadlineMs } = readRequest(drained, request);
    return this.writes.certain.drain(server, deadlineMs, caller);
  }

  @GrpcMethod('Admin', 'UndrainServer')
  undrain(@Payload() request: unknown, @FromCaller() caller: Caller) {
    return this.writes.certain.undrain(readRequest(named, request).server, caller);
  }

  @GrpcMethod('Admin', 'GetFleet')
  fleet(@Payload() request: unknown, @Gone() signal: AbortSignal) {
    readRequest(nothing, request);
    return this.overview.certain.read(signal);
  }

  @GrpcMethod('Admin', 'FreezeFleet')
  freeze(@Payload() request: unknown, @FromCaller() caller: Caller) {
    return this.freezes.certain.freeze(readRequest(freezeBodySchema, request), caller);
  }

  @GrpcMethod('Admin', 'UnfreezeFleet')
  unfreeze(@Payload() request: unknown, @FromCaller() caller: Caller) {
    readRequest(nothing, request);
    return this.freezes.certain.unfreeze(caller);
  }
}
