import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { STORE_AGAIN_MS } from '../errors/store-unavailable.js';
import { StoreWatch } from './store-watch.js';

/** Tries a store that fails now and then, so that it is known when it takes writes again. */
@Injectable()
export class StoreTries {
  constructor(@Inject(StoreWatch) private readonly store: StoreWatch) {}

  @Interval(STORE_AGAIN_MS)
  async try(): Promise<void> {
    await this.store.tryAgain();
  }
}
