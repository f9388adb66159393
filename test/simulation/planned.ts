import type { Limits, Model, ModelSettings, ServerSpec } from '#core';
import type { SimulatedModel, SimulatedTritonSetup } from '#testing';

/** A server as it is declared to Berth, and as it is. */
export interface PlannedServer {
  readonly spec: ServerSpec;
  readonly setup: Pick<SimulatedTritonSetup, 'devices' | 'hostMemoryBytes' | 'options'>;
  readonly hasMetrics: boolean;
  /** How long it is not there at the start, in ms; 0: it is. */
  readonly isLate: number;
}

/** A model as it is declared, and as it lies on the disk of each server. */
export interface PlannedModel {
  readonly model: Model;
  readonly disk: SimulatedModel;
  /** Whether it is declared from the start; else it is only found. */
  readonly isDeclared: boolean;
  /** Whether its declared size is honest also where the defaults are taken for it. */
  readonly fitsDefaults: boolean;
}

/** One fleet and how busy it is. */
export interface Plan {
  readonly servers: readonly PlannedServer[];
  readonly models: readonly PlannedModel[];
  readonly limits: Limits;
  readonly defaults: ModelSettings;
  /** Mean times between two requests, two orders of the operator, and two doings of somebody else; Infinity: none. */
  readonly requestEvery: number;
  readonly operatorEvery: number;
  readonly strangerEvery: number;
}
