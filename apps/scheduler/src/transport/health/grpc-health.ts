import type { Server } from '@grpc/grpc-js';
import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { HealthImplementation } from 'grpc-health-check';
import { ADMIN, EXTERNAL_SCALER, ROUTER } from '#contracts';
import { ProcessHealth } from './process-health.js';

const SERVICES = ['', ROUTER, ADMIN, EXTERNAL_SCALER];

/** `grpc.health.v1`: the same word for the whole and for each service. */
@Injectable()
export class GrpcHealth {
  private readonly health = new HealthImplementation();
  private told: boolean | undefined;

  constructor(@Inject(ProcessHealth) private readonly process: ProcessHealth) {
    this.refresh();
  }

  serveOn(server: Server): void {
    this.health.addToServer(server);
  }

  /** Watchers hear of changes only. */
  @Interval(250)
  refresh(): void {
    const serves = this.process.state() === 'ready';
    if (serves === this.told) return;
    this.told = serves;
    for (const service of SERVICES) this.health.setStatus(service, serves ? 'SERVING' : 'NOT_SERVING');
  }
}
