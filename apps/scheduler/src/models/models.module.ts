import { Module } from '@nestjs/common';
import { BatchController } from './batch.controller.js';
import { ModelBatch } from './model-batch.js';
import { ModelOrders } from './model-orders.js';
import { ModelWrites } from './model-writes.js';
import { ModelsController } from './models.controller.js';
import { ModelsRpc } from './models.grpc.js';

/** For admins of models: what is told of them, declared and ordered. */
@Module({
  controllers: [ModelsController, BatchController, ModelsRpc],
  providers: [ModelBatch, ModelOrders, ModelWrites],
})
export class ModelsModule {}
