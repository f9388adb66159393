import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  Inject,
  Param,
  Patch,
  Post,
  Put,
  Query,
} from '@nestjs/common';
import type { ModelMessage } from '#contracts';
import { worded } from '../http/worded.js';
import { type ModelListQuery, modelListSchema, PAGE_TYPE, pageText } from '../pages.js';
import { Running } from '../running.js';
import type { Caller } from '../writes/caller.js';
import { FromCaller, Gone } from '../writes/caller.decorator.js';
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

const NAME = { schema: worded(modelName, 'model') };

/** Models over HTTP. */
@Controller('v1/models')
export class ModelsController {
  constructor(
    @Inject(Running) private readonly running: Running,
    @Inject(ModelWrites) private readonly writes: ModelWrites,
    @Inject(ModelOrders) private readonly orders: ModelOrders,
  ) {}

  @Get()
  @Header('content-type', PAGE_TYPE)
  async list(
    @Query({ schema: worded(modelListSchema) }) query: ModelListQuery,
    @Gone() gone: AbortSignal,
  ): Promise<string> {
    return pageText(await this.running.now.models.page(query, JSON.stringify, gone));
  }

  @Get(':model')
  get(@Param('model', NAME) model: string): ModelMessage {
    return this.running.now.models.get(model);
  }

  @Put(':model')
  put(@Param('model', NAME) model: string, @Body() body: unknown, @FromCaller() caller: Caller) {
    return this.writes.put(model, body, caller);
  }

  @Patch(':model')
  patch(@Param('model', NAME) model: string, @Body() body: unknown, @FromCaller() caller: Caller) {
    return this.writes.patch(model, body, caller);
  }

  @Delete(':model')
  remove(@Param('model', NAME) model: string, @FromCaller() caller: Caller) {
    return this.writes.remove(model, caller);
  }

  @Put(':model/pin')
  pin(@Param('model', NAME) model: string, @Body() body: unknown, @FromCaller() caller: Caller) {
    return this.writes.pin(model, body, caller);
  }

  @Delete(':model/pin')
  unpin(@Param('model', NAME) model: string, @FromCaller() caller: Caller) {
    return this.writes.unpin(model, caller);
  }

  @Post(':model/load')
  load(
    @Param('model', NAME) model: string,
    @Query({ schema: worded(orderQuerySchema) }) query: OrderQuery,
    @Body({ schema: worded(loadBodySchema) }) _: undefined,
    @FromCaller() caller: Caller,
  ) {
    return this.orders.load(model, query, caller);
  }

  @Post(':model/unload')
  unload(
    @Param('model', NAME) model: string,
    @Query({ schema: worded(orderQuerySchema) }) query: OrderQuery,
    @Body({ schema: worded(unloadBodySchema) }) body: UnloadBody,
    @FromCaller() caller: Caller,
  ) {
    return this.orders.unload(model, { ...query, ...body }, caller);
  }

  @Post(':model/reload')
  reload(
    @Param('model', NAME) model: string,
    @Query({ schema: worded(orderQuerySchema) }) query: OrderQuery,
    @Body({ schema: worded(loadBodySchema) }) _: undefined,
    @FromCaller() caller: Caller,
  ) {
    return this.orders.reload(model, query, caller);
  }
}
