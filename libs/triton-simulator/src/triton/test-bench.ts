import { Agenda } from '../agenda.js';
import type { Answer, Reply } from './answers.js';
import type { IndexRow } from './observations.js';
import type { SimulatedTritonOptions, Untold } from './process-state.js';
import type { SimulatedModel } from './simulated-model.js';
import { SimulatedTriton } from './simulated-triton.js';

/** A call that was made at some moment, and its answer once there is one. */
export interface Made<T> {
  answer: Answer<T> | undefined;
  answeredAt: number | undefined;
}

/** What a bench may be given in place of its defaults. */
export interface BenchSetup {
  readonly models: readonly SimulatedModel[];
  readonly gpus?: number;
  readonly memoryBytes?: number;
  readonly options?: Partial<SimulatedTritonOptions>;
}

/** A simulated server with its clock, for the specs beside it. Memory is counted in single bytes: 100 on each GPU. */
export class TestBench {
  readonly agenda = new Agenda();
  readonly exits: (number | undefined)[] = [];
  readonly untold: Untold[] = [];
  readonly sim: SimulatedTriton;

  constructor({ models, gpus = 1, memoryBytes = 100, options = {} }: BenchSetup) {
    this.sim = new SimulatedTriton({
      id: 't0',
      timers: this.agenda,
      devices: Array.from({ length: gpus }, (_, ordinal) => ({
        ordinal,
        uuid: `GPU-${ordinal}`,
        memoryBytes,
      })),
      hostMemoryBytes: 1000,
      models,
      options,
      onPhase: (phase, exitCode) => void (phase === 'down' && this.exits.push(exitCode)),
      onUntold: (untold) => void this.untold.push(untold),
    });
  }

  /** Makes a call and goes on. */
  call<T>(make: (reply: Reply<T>) => void): Made<T> {
    const made: Made<T> = { answer: undefined, answeredAt: undefined };
    make((answer) => {
      made.answer = answer;
      made.answeredAt = this.agenda.now();
    });
    return made;
  }

  /** Makes a call and lets time pass until it is answered. */
  ask<T>(make: (reply: Reply<T>) => void): Answer<T> {
    const made = this.call(make);
    while (made.answer === undefined) {
      if (!this.agenda.runNext()) throw new Error('the call was never answered');
    }
    return made.answer;
  }

  load(name: string, config?: object): Made<unknown> {
    return this.call((reply) => this.sim.load(name, config ? { config: JSON.stringify(config) } : {}, reply));
  }

  unload(name: string, parameters: Record<string, boolean> = {}): Made<unknown> {
    return this.call((reply) => this.sim.unload(name, parameters, reply));
  }

  infer(model: string, version = ''): Made<unknown> {
    return this.call((reply) => this.sim.infer({ model, version }, reply));
  }

  /** Loads a model and waits for it. */
  loaded(name: string, config?: object): Answer<unknown> {
    return this.ask((reply) => this.sim.load(name, config ? { config: JSON.stringify(config) } : {}, reply));
  }

  index(): readonly IndexRow[] {
    const answer = this.ask<readonly IndexRow[]>((reply) => this.sim.index({ ready: false }, reply));
    return 'ok' in answer ? answer.ok : [];
  }

  /** The index rows of one model as `version state reason`. */
  rows(name: string): readonly string[] {
    const rows = this.index().filter((row) => row.name === name);
    return rows.map(({ version, state, reason }) => `${version} ${state} ${reason}`.trim());
  }
}
