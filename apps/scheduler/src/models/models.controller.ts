import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  Inject,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ModelMessage } from '#contracts';
import { goneOverHttp } from '../caller-gone.js';
import { worded } from '../http/worded.js';
import { callerIn, type Headers as HeaderMap, listed, replied, tagged } from '../http/written-reply.js';
import { type ModelListQuery, modelListSchema } from '../pages.js';
import { Running } from '../running.js';
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
  list(
    @Query({ schema: worded(modelListSchema) }) query: ModelListQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return listed(reply, this.running.now.models.page(query, JSON.stringify, goneOverHttp(reply.raw)));
  }

  @Get(':model')
  get(@Param('model', NAME) model: string, @Res({ passthrough: true }) reply: FastifyReply): ModelMessage {
    return tagged(reply, this.running.now.models.get(model));
  }

  @Put(':model')
  put(
    @Param('model', NAME) model: string,
    @Body() body: unknown,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ModelMessage | undefined> {
    return replied(reply, this.writes.put(model, body, callerIn(headers, reply)));
  }

  @Patch(':model')
  patch(
    @Param('model', NAME) model: string,
    @Body() body: unknown,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ModelMessage | undefined> {
    return replied(reply, this.writes.patch(model, body, callerIn(headers, reply)));
  }

  @Delete(':model')
  remove(
    @Param('model', NAME) model: string,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<null | undefined> {
    return replied(reply, this.writes.remove(model, callerIn(headers, reply)));
  }

  @Put(':model/pin')
  pin(
    @Param('model', NAME) model: string,
    @Body() body: unknown,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ModelMessage | undefined> {
    return replied(reply, this.writes.pin(model, body, callerIn(headers, reply)));
  }

  @Delete(':model/pin')
  unpin(
    @Param('model', NAME) model: string,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ModelMessage | undefined> {
    return replied(reply, this.writes.unpin(model, callerIn(headers, reply)));
  }

  @Post(':model/load')
  load(
    @Param('model', NAME) model: string,
    @Query({ schema: worded(orderQuerySchema) }) query: OrderQuery,
    @Body({ schema: worded(loadBodySchema) }) _: undefined,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ModelMessage | undefined> {
    return replied(reply, this.orders.load(model, query, callerIn(headers, reply)));
  }

  @Post(':model/unload')
  unload(
    @Param('model', NAME) model: string,
    @Query({ schema: worded(orderQuerySchema) }) query: OrderQuery,
    @Body({ schema: worded(unloadBodySchema) }) body: UnloadBody,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ModelMessage | undefined> {
    return replied(reply, this.orders.unload(model, { ...query, ...body }, callerIn(headers, reply)));
  }

  @Post(':model/reload')
  reload(
    @Param('model', NAME) model: string,
    @Query({ schema: worded(orderQuerySchema) }) query: OrderQuery,
    @Body({ schema: worded(loadBodySchema) }) _: undefined,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ModelMessage | undefined> {
    return replied(reply, this.orders.reload(model, query, callerIn(headers, reply)));
  }
}
