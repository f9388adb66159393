export { openStore, type Store, type StoreOptions } from './open-store.js';
export { StoreUnusable, type UnusableReason } from './store-unusable.js';
