import { Controller, Delete, Get, Header, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiConsumes } from '@nestjs/swagger';
import { z } from 'zod';
import { modelSpecSchema, pinSchema } from '#config';
import { type ModelMessage, modelSchema, pageSchema, type Reason } from '#contracts';
import { mergePatchOf } from '../../transport/http/json-schema.js';
import { CREATES, Operation, Write } from '../../transport/http/operation.js';
import { JsonBody, withPlainMessages } from '../../transport/http/plain-messages.js';
import { type ModelListQuery, modelListSchema, PAGE_TYPE, pageText } from '../../transport/lists/pages.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import type { Caller } from '../../transport/access/caller.js';
import { FromCaller, Gone } from '../idempotency/caller.decorator.js';
import { ModelOrders } from './model-orders.js';
import {
  loadBodySchema,
  modelName,
  type OrderQuery,
  orderQuerySchema,
  type UnloadBody,
  unloadBodySchema,
} from './model-requests.js';
import { ModelWrites } from './model-writes.js';
import { ModelList } from './model-list.js';

const NAME = { schema: withPlainMessages(modelName, 'model') };

/** Where some server was never looked at, nothing is known not to be, or not to fit: it is `no_server` then. */
const UNKNOWN: readonly Reason[] = ['unknown_model', 'no_server'];
const NO_ROOM: readonly Reason[] = ['pin_does_not_fit', 'no_server'];

/** Models over HTTP. */
@Controller('v1/models')
export class ModelsController {
  constructor(
    @OfTerm(ModelList) private readonly models: PerTerm<ModelList>,
    @OfTerm(ModelWrites) private readonly writes: PerTerm<ModelWrites>,
    @OfTerm(ModelOrders) private readonly orders: PerTerm<ModelOrders>,
  ) {}

  @Get()
  @Operation('ListModels', 'Lists the models', { 200: pageSchema(modelSchema) }, ['queue_full'])
  @Header('content-type', PAGE_TYPE)
  async list(
    @Query({ schema: withPlainMessages(modelListSchema) }) query: ModelListQuery,
    @Gone() signal: AbortSignal,
  ): Promise<string> {
    return pageText(await this.models.certain.page(query, JSON.stringify, signal));
  }

  @Get(':model')
  @Operation('GetModel', 'Tells of a model without starting anything', { 200: modelSchema }, UNKNOWN)
  get(@Param('model', NAME) model: string): ModelMessage {
    return this.models.certain.get(model);
  }

  @Put(':model')
  @Write(
    'PutModel',
    'Declares a model: replaces what the API said of it',
    { 200: modelSchema, 201: modelSchema },
    NO_ROOM,
    CREATES,
  )
  put(
    @Param('model', NAME) model: string,
    @JsonBody(z.unknown(), modelSpecSchema) body: unknown,
    @FromCaller() caller: Caller,
  ) {
    return this.writes.certain.put(model, body, caller);
  }

  @Patch(':model')
  @ApiConsumes('application/json', 'application/merge-patch+json')
  @Write(
    'PatchModel',
    'Changes a model by JSON Merge Patch; null takes a key back to the layer below',
    { 200: modelSchema },
    [...UNKNOWN, ...NO_ROOM],
  )
  patch(
    @Param('model', NAME) model: string,
    @JsonBody(z.unknown(), modelSpecSchema, mergePatchOf) body: unknown,
    @FromCaller() caller: Caller,
  ) {
    return this.writes.certain.patch(model, body, caller);
  }

  @Delete(':model')
  @Write('DeleteModel', 'Takes back what the API said of a model', { 204: null }, [
    ...UNKNOWN,
    ...NO_ROOM,
    'declared_in_file',
  ])
  remove(@Param('model', NAME) model: string, @FromCaller() caller: Caller) {
    return this.writes.certain.remove(model, caller);
  }

  @Put(':model/pin')
  @Write('PinModel', 'Keeps copies of a model resident', { 200: modelSchema }, [
    ...UNKNOWN,
    ...NO_ROOM,
    'disabled',
  ])
  pin(
    @Param('model', NAME) model: string,
    @JsonBody(z.unknown(), pinSchema) body: unknown,
    @FromCaller() caller: Caller,
  ) {
    return this.writes.certain.pin(model, body, caller);
  }

  @Delete(':model/pin')
  @Write('UnpinModel', 'Unpins a model', { 200: modelSchema }, [...UNKNOWN, ...NO_ROOM])
  unpin(@Param('model', NAME) model: string, @FromCaller() caller: Caller) {
    return this.writes.certain.unpin(model, caller);
  }

  @Post(':model/load')
  @Write('LoadModel', 'Orders a load', { 202: modelSchema }, [...UNKNOWN, 'disabled', 'infeasible'])
  load(
    @Param('model', NAME) model: string,
    @Query({ schema: withPlainMessages(orderQuerySchema) }) query: OrderQuery,
    @JsonBody(loadBodySchema) _: undefined,
    @FromCaller() caller: Caller,
  ) {
    return this.orders.certain.load(model, query, caller);
  }

  @Post(':model/unload')
  @Write(
    'UnloadModel',
    'Retires the present copies once; demand and pins may bring them back',
    { 202: modelSchema },
    [...UNKNOWN, 'pinned', 'in_use', 'infeasible'],
  )
  unload(
    @Param('model', NAME) model: string,
    @Query({ schema: withPlainMessages(orderQuerySchema) }) query: OrderQuery,
    @JsonBody(unloadBodySchema) body: UnloadBody,
    @FromCaller() caller: Caller,
  ) {
    return this.orders.certain.unload(model, { ...query, ...body }, caller);
  }

  @Post(':model/reload')
  @Write(
    'ReloadModel',
    'Takes up a new version on disk: each copy leaves and is loaded again on its server',
    { 202: modelSchema },
    [...UNKNOWN, 'disabled', 'in_use', 'infeasible'],
  )
  reload(
    @Param('model', NAME) model: string,
    @Query({ schema: withPlainMessages(orderQuerySchema) }) query: OrderQuery,
    @JsonBody(loadBodySchema) _: undefined,
    @FromCaller() caller: Caller,
  ) {
    return this.orders.certain.reload(model, query, caller);
  }
}
