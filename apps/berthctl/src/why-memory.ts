import type { AccountId, Hold, Instant } from '#core';
import { lasting } from './times.js';

const MIB = 2 ** 20;

/** An amount of memory for people. */
export function memory(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'any amount';
  return bytes > -MIB && bytes < MIB ? `${bytes} bytes` : `${Math.round(bytes / MIB)} MiB`;
}

/** ` (devices 0, 1)`; nothing where there is none. */
export const onDevices = (devices: readonly number[]): string =>
  devices.length === 0 ? '' : ` (device${devices.length === 1 ? '' : 's'} ${devices.join(', ')})`;

/** `gpu:triton-a/0` and `host:node-1`, for people. */
export function accountWords(account: AccountId): string {
  const [, server, ordinal] = /^gpu:(.*)\/(\d+)$/.exec(account) ?? [];
  return ordinal === undefined ? account.replace(':', ' ') : `device ${ordinal} of ${server}`;
}

/** What keeps a replica where it is. */
export function holdWords(hold: Hold, now: Instant): string {
  switch (hold.kind) {
    case 'pinned':
      return 'it is pinned';
    case 'stranger':
      return 'Berth did not load it, and such models are kept';
    case 'outlived':
      return 'its unload was acknowledged and had no effect: load it, then unload it';
    case 'residency':
      return `it came a short time ago, and is safe for another ${lasting(hold.until - now)}`;
    case 'in_use':
      return `it is in use, for another ${lasting(hold.until - now)} at most if no request comes`;
    case 'queued':
      return 'its server still has requests queued for it';
    case 'awaited':
      return 'a request waits for it';
    case 'needed':
      return `${hold.by.join(' and ')} cannot serve without it`;
    case 'outranks':
      return `its class is higher: ${hold.class}`;
    case 'kept_warm':
      return 'it is kept warm, for all but higher classes';
    case 'changing':
      return 'a load is changing its devices';
    case 'phase':
      return `it is ${hold.phase}`;
  }
}
