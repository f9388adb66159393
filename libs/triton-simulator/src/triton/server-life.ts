import { leave } from './leaving.js';
import { loadAtStart } from './orders.js';
import { freshProcess, readyRows } from './process-state.js';
import type { ProcessSetup, ProcessState } from './process-state.js';
import type { Place } from './simulated-model.js';

/** `starting` refuses connections until the startup models are loaded; `leaving` answers that it is. */
export type ServerPhase = 'down' | 'starting' | 'up' | 'leaving';

/** What stays when a process ends: the machine, the disk, the command line, and what goes wrong. */
export interface Surroundings extends Omit<ProcessSetup, 'nextCopyId' | 'crash'> {
  readonly onPhase: (phase: ServerPhase, exitCode?: number) => void;
}

/**
 * The lives of one server, one process after the other:
 *
 *   down ──> starting ──> up ──> leaving
 *    ^           └─────────┴────────┘ (killed, or left)
 */
export class ServerLife {
  phase: ServerPhase = 'down';
  incarnation = 0;
  /** Of the present process, or the last one. */
  hasAskedTooMuch = false;
  /** How to break off each call that has no answer yet. */
  readonly openCalls = new Set<() => void>();
  private current: ProcessState | undefined;
  private readonly foreignBytes = new Map<number, number>();
  private copiesMade = 0;

  constructor(private readonly around: Surroundings) {}

  /** The process, while there is one. */
  get process(): ProcessState | undefined {
    return this.current;
  }

  start(): void {
    if (this.current !== undefined) return;
    this.incarnation += 1;
    const process = this.freshProcess();
    this.current = process;
    const names = this.startupModels();
    if (names.length === 0) return this.enter('up');
    this.enter('starting');
    loadAtStart(process, names, () => {
      if (this.phase === 'starting' && this.current === process) this.enter('up');
    });
  }

  terminate(): void {
    if (this.current === undefined || this.phase === 'leaving') return;
    this.enter('leaving');
    leave(this.current, (code) => this.end(code));
  }

  /** Ends the process at once: what it held is free, and callers that wait for an answer see the connection break. */
  end(exitCode?: number): void {
    if (this.current === undefined) return;
    this.current.timers.die();
    this.current = undefined;
    const broken = [...this.openCalls];
    this.openCalls.clear();
    this.enter('down', exitCode);
    for (const breakOff of broken) this.around.timers.after(0, breakOff);
  }

  /** Kills the processes behind the READY copies of a model; what they held is free. */
  killModel(name: string): void {
    for (const { copy } of readyRows(this.current?.lives.get(name))) {
      copy?.die();
      if (copy !== undefined) this.current?.memory.free(copy.holder);
    }
  }

  /** One process of several behind each READY copy of a model dies; what it held counts as held on. */
  loseInstance(name: string): void {
    for (const { copy } of readyRows(this.current?.lives.get(name))) copy?.loseInstance();
  }

  setForeign(ordinal: number, bytes: number): void {
    if (!this.around.devices.some((device) => device.ordinal === ordinal)) {
      throw new RangeError(`foreignMemory: the server has no device ${ordinal}`);
    }
    this.foreignBytes.set(ordinal, bytes);
    this.current?.memory.set('foreign', ordinal, bytes);
  }

  memoryUsed(place: Place): number {
    if (this.current !== undefined) return this.current.memory.used(place);
    return place === 'host' ? 0 : (this.foreignBytes.get(place) ?? 0);
  }

  private enter(phase: ServerPhase, exitCode?: number): void {
    this.phase = phase;
    if (phase === 'up') this.current!.openedAt = this.around.timers.now();
    this.around.onPhase(phase, exitCode);
  }

  private startupModels(): readonly string[] {
    const { controlMode, startupModels } = this.around.options;
    const isAll = controlMode !== 'explicit' || startupModels.includes('*');
    return isAll ? this.around.repository.names() : startupModels;
  }

  private freshProcess(): ProcessState {
    this.hasAskedTooMuch = false;
    const process = freshProcess({
      ...this.around,
      nextCopyId: () => (this.copiesMade += 1),
      onOutOfMemory: (asked) => {
        this.hasAskedTooMuch = true;
        this.around.onOutOfMemory(asked);
      },
      crash: () => this.end(),
    });
    for (const [ordinal, bytes] of this.foreignBytes) process.memory.set('foreign', ordinal, bytes);
    process.memory.reportNow();
    return process;
  }
}
