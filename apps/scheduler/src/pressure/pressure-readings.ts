import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Running } from '../running.js';

/** Has the pressure read once a second, as long as the application runs. The work of starting is not counted. */
@Injectable()
export class PressureReadings implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(Running) private readonly running: Running) {}

  onApplicationBootstrap(): void {
    this.running.lasting.pressure.start();
  }

  @Interval(1_000)
  read(): void {
    this.running.lasting.pressure.read();
  }

  onApplicationShutdown(): void {
    this.running.lasting.pressure.stop();
  }
}
