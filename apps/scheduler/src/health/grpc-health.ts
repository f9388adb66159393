import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { ADMIN, ROUTER } from '#contracts';
import type { Readiness } from './readiness.js';

const SERVICES = ['', ROUTER, ADMIN];

/** `grpc.health.v1`: the same word for the whole and for each service. */
export class GrpcHealth {
  private readonly health = new HealthImplementation();
  private told: boolean | undefined;

  constructor(private readonly readiness: Readiness) {
    this.refresh();
  }

  serveOn(server: Server): void {
    this.health.addToServer(server);
  }

  /** Watchers hear of changes only. */
  refresh(): void {
    const serves = this.readiness.state() === 'ready';
    if (serves === this.told) return;
    this.told = serves;
    for (const service of SERVICES) this.health.setStatus(service, serves ? 'SERVING' : 'NOT_SERVING');
  }
}
