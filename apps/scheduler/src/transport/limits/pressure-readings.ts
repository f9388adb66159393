import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { PressureMonitor } from './pressure-monitor.js';

/** Has the pressure read once a second, as long as the application runs. The work of starting is not counted. */
@Injectable()
export class PressureReadings implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(PressureMonitor) private readonly pressure: PressureMonitor) {}

  onApplicationBootstrap(): void {
    this.pressure.start();
  }

  @Interval(1_000)
  read(): void {
    this.pressure.read();
  }

  onApplicationShutdown(): void {
    this.pressure.stop();
  }
}
