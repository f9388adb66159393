import type { RealTritonLayout } from './install.mjs';

export interface TritonPorts {
  readonly http: number;
  readonly grpc: number;
  readonly metrics: number;
}

export interface TritonExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LaunchSettings {
  readonly id: string;
  readonly repository: string;
  readonly ports: TritonPorts;
  /** What the names of its files in /dev/shm begin with; different for each server of a host. */
  readonly sharedMemoryPrefix: string;
  readonly controlMode?: 'explicit' | 'none' | 'poll';
  readonly loadThreads?: number;
  readonly extraArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Appended to; without it the server writes where we do. */
  readonly logFile?: string;
  readonly liveWithinMs?: number;
}

/** Another process took one of the ports between our asking and Triton's binding it. */
export class PortTaken extends Error {}

/** Ports that no process listens on, below the range the system takes from by itself. */
export function sparePorts(count: number): Promise<number[]>;

/** Three in a row, as Berth's `--triton` takes for granted: HTTP one below gRPC, metrics one above. */
export function neighbouringPorts(): Promise<TritonPorts>;

/** Resolves once the server answers on all its ports; a server that does not get that far is ended. */
export function launchTriton(
  layout: RealTritonLayout,
  settings: LaunchSettings,
): Promise<{ readonly pid: number; readonly exited: Promise<TritonExit> }>;

/** The end of a log; the beginning of a long one is left out. */
export function tailOf(file: string, bytes?: number): string;
