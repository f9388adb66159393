import type { Server } from '@grpc/grpc-js';
import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { HealthImplementation } from 'grpc-health-check';
import { ADMIN, EXTERNAL_PROCESSOR, EXTERNAL_SCALER, ROUTER } from '#contracts';
import { ProcessHealth } from './process-health.js';

/** Gateways of the Inference Extension ask for it by this name. */
const READINESS = 'readiness';
const SERVICES = ['', ROUTER, ADMIN, EXTERNAL_SCALER, EXTERNAL_PROCESSOR, READINESS];

/** `grpc.health.v1`: the same word for the whole and for each service. */
@Injectable()
export class GrpcHealth {
  private readonly health = new HealthImplementation();
  private told: boolean | undefined;

  constructor(@Inject(ProcessHealth) private readonly process: ProcessHealth) {
    // A process that answers lives.
    this.health.setStatus('liveness', 'SERVING');
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
