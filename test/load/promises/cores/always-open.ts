import type { closing } from './stood-in.js';
export * from '../../../../libs/core/src/learned/closing.js';

/** Stands in for the forecast of closed devices: none is. */
export const opensAt: typeof closing.opensAt = () => -Infinity;
export const unreadDevices: typeof closing.unreadDevices = () => new Set();
