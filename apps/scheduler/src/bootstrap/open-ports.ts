import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Logger } from 'pino';
import type { Config } from '#config';
import { LOG } from '../transport/nest-log.js';
import { CONFIG } from './present-config.js';

/** Says that any client may do all, where that is so. */
@Injectable()
export class OpenPorts implements OnApplicationBootstrap {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.tell();
  }

  @Interval(3_600_000)
  tell(): void {
    if (!this.config.insecureListen) return;
    this.log.warn('--insecure-listen: any client that reaches this Berth may do all, without a key');
  }
}
