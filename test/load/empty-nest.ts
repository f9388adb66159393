/** A process with an empty Nest app of the parts that Berth is made of: what its memory is measured against. FOLDER GRPC */
import 'reflect-metadata';
import { mkdirSync } from 'node:fs';
import { fromJSON } from '@grpc/proto-loader';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ScheduleModule } from '@nestjs/schedule';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import Database from 'libsql';
import { collectDefaultMetrics } from 'prom-client';

const Nothing = { fields: {} };
/** One method that no server implements: grpc-js takes no service without any. */
const Service = { methods: { Do: { requestType: 'Nothing', responseType: 'Nothing', comment: '' } } };

@Module({ imports: [ScheduleModule.forRoot()] })
class EmptyModule {}

const [folder = '', grpc = ''] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
new Database(`${folder}/empty.db`).exec('CREATE TABLE rows (key BLOB)');
collectDefaultMetrics();
const app = await NestFactory.create<NestFastifyApplication>(EmptyModule, new FastifyAdapter(), {
  logger: false,
});
const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
app
  .getHttpAdapter()
  .getInstance()
  .get('/openapi.json', () => document);
app.connectMicroservice({
  transport: Transport.GRPC,
  options: {
    url: grpc,
    package: 'empty',
    packageDefinition: fromJSON({ nested: { empty: { nested: { Nothing, Service } } } }),
  },
});
await app.startAllMicroservices();
await app.listen(0, '127.0.0.1');
process.stdout.write('up\n');
