export type { Written } from '#engine';
export { RowWarmups } from './row-warmups.js';
export { openStore, type Store, type StoreHealth, type StoreOptions } from './open-store.js';
export { type Row, ROWS_ON_REQUEST, type Rows, type RowWrite } from './rows.js';
export { StoreUnavailable, TermOver } from './store-unavailable.js';
export { StoreUnusable } from './store-unusable.js';
export { TITLE_KEY } from './title.js';
export { WriteQueue } from './write-queue.js';
