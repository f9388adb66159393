import type { ChildProcess } from 'node:child_process';

export declare const MASTER_NAME: string;

export interface RedisSettings {
  readonly port: number;
  readonly folder: string;
  /** Lines of configuration. */
  readonly settings: readonly string[];
  readonly isSentinel?: boolean;
}

export declare function launchRedis(settings: RedisSettings): Promise<ChildProcess>;
export declare function serverSettings(masterPort?: number): string[];
export declare function sentinelSettings(masterPort: number, downAfterMs: number): string[];
