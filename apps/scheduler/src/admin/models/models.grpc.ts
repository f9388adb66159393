import { Controller, Inject, UseFilters, UseInterceptors } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { fromStruct, itemWriter, type ModelMessage, type Struct, toStruct } from '#contracts';
import { RpcFilter } from '../../transport/errors/rpc.filter.js';
import { isMessage, readRequest } from '../../transport/grpc/requests.js';
import { modelListSchema } from '../../transport/lists/pages.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import { FromCaller, Gone } from '../idempotency/caller.decorator.js';
import type { Caller } from '../../transport/access/caller.js';
import { WrittenInterceptor } from '../idempotency/written.interceptor.js';
import type { Written } from '../idempotency/writes.js';
import { BatchPlaces } from './batch.controller.js';
import { ModelBatch } from './model-batch.js';
import { ModelOrders } from './model-orders.js';
import { modelName, orderQuerySchema } from './model-requests.js';
import { ModelWrites } from './model-writes.js';
import { ModelList } from './model-list.js';

const struct = z.custom<Struct>(isMessage, { error: 'is required' });
const named = z.object({ model: modelName });
const withSpec = z.object({ model: modelName, spec: struct });
const withPatch = z.object({ model: modelName, patch: struct });
const pinned = z.object({
  model: modelName,
  copies: z.number(),
  until: z.string().optional(),
  schedule: struct.optional(),
});
const batched = z.object({ models: z.record(z.string(), struct) });
const ordered = named.extend(orderQuerySchema.shape);
const unloaded = ordered.extend({ force: z.boolean().optional() });

/** Models over gRPC: the same operations as over HTTP. */
@Controller()
@UseFilters(RpcFilter)
@UseInterceptors(WrittenInterceptor)
export class ModelsRpc {
  constructor(
    @OfTerm(ModelList) private readonly models: PerTerm<ModelList>,
    @OfTerm(ModelWrites) private readonly writes: PerTerm<ModelWrites>,
    @OfTerm(ModelOrders) private readonly orders: PerTerm<ModelOrders>,
    @OfTerm(ModelBatch) private readonly batch: PerTerm<ModelBatch>,
    @Inject(BatchPlaces) private readonly batchPlaces: BatchPlaces,
  ) {}

  @GrpcMethod('Admin', 'ListModels')
  list(@Payload() request: unknown, @Gone() signal: AbortSignal) {
    return this.models.certain.page(readRequest(modelListSchema, request), writeModel, signal);
  }

  @GrpcMethod('Admin', 'GetModel')
  get(request: unknown) {
    return modelMessage(this.models.certain.get(readRequest(named, request).model));
  }

  @GrpcMethod('Admin', 'PutModel')
  put(@Payload() request: unknown, @FromCaller() caller: Caller) {
    const { model, spec } = readRequest(withSpec, request);
    return answered(this.writes.certain.put(model, fromStruct(spec), caller));
  }

  @GrpcMethod('Admin', 'PatchModel')
  patch(@Payload() request: unknown, @FromCaller() caller: Caller) {
    const { model, patch } = readRequest(withPatch, request);
    return answered(this.writes.certain.patch(model, fromStruct(patch), caller));
  }

  @GrpcMethod('Admin', 'DeleteModel')
  remove(@Payload() request: unknown, @FromCaller() caller: Caller) {
    return this.writes.certain.remove(readRequest(named, request).model, caller);
  }

  @GrpcMethod('Admin', 'BatchModels')
  async declare(@Payload() request: unknown, @FromCaller() caller: Caller) {
    const leave = this.batchPlaces.take();
    try {
      const { models } = readRequest(batched, request);
      const specs = Object.entries(models).map(([name, spec]) => [name, fromStruct(spec)] as const);
      const body = { models: Object.fromEntries(specs) };
      return await this.batch.certain.declare(body, caller);
    } finally {
      leave();
    }
  }

  @GrpcMethod('Admin', 'PinModel')
  pin(@Payload() request: unknown, @FromCaller() caller: Caller) {
    const { model, copies, until, schedule } = readRequest(pinned, request);
    const body = {
      copies,
      ...(until === undefined ? {} : { until }),
      ...(schedule === undefined ? {} : { schedule: fromStruct(schedule) }),
    };
    return answered(this.writes.certain.pin(model, body, caller));
  }

  @GrpcMethod('Admin', 'UnpinModel')
  unpin(@Payload() request: unknown, @FromCaller() caller: Caller) {
    return answered(this.writes.certain.unpin(readRequest(named, request).model, caller));
  }

  @GrpcMethod('Admin', 'LoadModel')
  load(@Payload() request: unknown, @FromCaller() caller: Caller) {
    const { model, ...options } = readRequest(ordered, request);
    return answered(this.orders.certain.load(model, options, caller));
  }

  @GrpcMethod('Admin', 'UnloadModel')
  unload(@Payload() request: unknown, @FromCaller() caller: Caller) {
    const { model, ...options } = readRequest(unloaded, request);
    return answered(this.orders.certain.unload(model, options, caller));
  }

  @GrpcMethod('Admin', 'ReloadModel')
  reload(@Payload() request: unknown, @FromCaller() caller: Caller) {
    const { model, ...options } = readRequest(ordered, request);
    return answered(this.orders.certain.reload(model, options, caller));
  }
}

async function answered(written: Promise<Written<ModelMessage>>) {
  const told = await written;
  return told.telling(modelMessage(told.body));
}

/** Free JSON travels as a Struct. */
const modelMessage = (model: ModelMessage) => ({
  ...model,
  spec: toStruct(model.spec),
  effective: toStruct(model.effective),
});

const writeItem = itemWriter('ListModels');
const writeModel = (model: ModelMessage): Buffer => writeItem(modelMessage(model));
