import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { PressureMonitor } from './pressure-monitor.js';

/** Has the pressure read once a second, as long as the application runs. The work of starting is not counted. */
@Injectable()
export class PressureReadings implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(PressureMonitor) private readonly monitor: PressureMonitor) {}

  onApplicationBootstrap(): void {
    this.monitor.start();
  }

  @Interval(1_000)
  read(): void {
    this.monitor.read();
  }

  onApplicationShutdown(): void {
    this.monitor.stop();
  }
}
