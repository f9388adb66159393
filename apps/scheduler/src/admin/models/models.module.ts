import { Module } from '@nestjs/common';
import { BatchController, BatchPlaces } from './batch.controller.js';
import { ModelsController } from './models.controller.js';
import { ModelsRpc } from './models.grpc.js';

/** For admins of models: what is told of them, declared and ordered. */
@Module({
  controllers: [ModelsController, BatchController, ModelsRpc],
  providers: [BatchPlaces],
})
export class ModelsModule {}
