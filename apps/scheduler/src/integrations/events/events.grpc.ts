import { Controller, UseFilters, UseInterceptors } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { nameSchema } from '#config';
import { toStruct } from '#contracts';
import { RpcFilter } from '../../transport/errors/rpc.filter.js';
import { readRequest } from '../../transport/grpc/requests.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import type { Caller } from '../../transport/access/caller.js';
import { FromCaller, Gone } from '../../admin/idempotency/caller.decorator.js';
import { WrittenInterceptor } from '../../admin/idempotency/written.interceptor.js';
import { DeadLetterCalls, deadLetterId, deadLetterListSchema } from './dead-letter-calls.js';
import { EndpointCalls } from './endpoint-calls.js';

const nothing = z.object({});
const named = z.object({ endpoint: nameSchema });
const identified = z.object({ id: deadLetterId });

/** Endpoints that are told events, and their dead letters, over gRPC: the same as over HTTP. */
@Controller()
@UseFilters(RpcFilter)
@UseInterceptors(WrittenInterceptor)
export class TellingRpc {
  constructor(
    @OfTerm(EndpointCalls) private readonly endpoints: PerTerm<EndpointCalls>,
    @OfTerm(DeadLetterCalls) private readonly letters: PerTerm<DeadLetterCalls>,
  ) {}

  @GrpcMethod('Admin', 'ListWebhookEndpoints')
  list(request: unknown) {
    readRequest(nothing, request);
    return this.endpoints.now.list();
  }

  @GrpcMethod('Admin', 'TestWebhookEndpoint')
  test(request: unknown) {
    return this.endpoints.now.test(readRequest(named, request).endpoint);
  }

  @GrpcMethod('Admin', 'ListDeadLetters')
  async page(@Payload() request: unknown, @Gone() signal: AbortSignal) {
    const { items, nextPageToken } = await this.letters.now.page(
      readRequest(deadLetterListSchema, request),
      signal,
    );
    return { nextPageToken, items: items.map((item) => ({ ...item, data: toStruct(item.data) })) };
  }

  @GrpcMethod('Admin', 'ReplayDeadLetter')
  replay(@Payload() request: unknown, @FromCaller() caller: Caller) {
    return this.letters.now.replay(readRequest(identified, request).id, caller);
  }

  @GrpcMethod('Admin', 'DropDeadLetter')
  drop(@Payload() request: unknown, @FromCaller() caller: Caller) {
    return this.letters.now.drop(readRequest(identified, request).id, caller);
  }
}
