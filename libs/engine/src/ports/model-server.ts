import type {
  ContactFact,
  ControlMode,
  FailureCause,
  LearnedConfig,
  LoadConfig,
  Look,
  Millis,
  ModelId,
} from '#core';

/** The server understood the order and did not carry it out. Any other failure leaves the outcome unknown. */
export class OrderRefused extends Error {
  override readonly name = 'OrderRefused';
  constructor(
    readonly failure: FailureCause,
    message: string,
  ) {
    super(message);
  }
}

/** The order was not sent. That is no fault of the server, and no failure. */
export class OrderUnsent extends Error {
  override readonly name = 'OrderUnsent';
}

/** A look could not be taken; `why` is told to the core. */
export class LookRefused extends Error {
  override readonly name = 'LookRefused';
  constructor(
    readonly why: 'timed_out' | 'unreachable' | 'not_now' | 'nonsense' | { readonly mode: ControlMode },
    message: string,
  ) {
    super(message);
  }
}

/** Why there is no connection to the control port of a server. */
export interface Trouble {
  /**
   * `refused`: no process listens. `unresolvable`: the name of the host has no address. `unreachable`: the host does not
   * answer. `silent`, `closed`, `not_grpc`: the process says nothing, ends the connection, or does not speak gRPC.
   * `no_handshake`: the handshake of gRPC or TLS fails, or each connection ends before it is of use.
   */
  readonly reason:
    'refused' | 'unresolvable' | 'unreachable' | 'silent' | 'closed' | 'not_grpc' | 'no_handshake';
  /** For operators: what is wrong where, and what may be meant instead. */
  readonly detail: string;
}

/** The config of a serving model, and its steps. */
export interface ModelDescription {
  readonly config: LearnedConfig;
  /** The models that an ensemble is made of; empty for other models. */
  readonly steps: readonly ModelId[];
}

/**
 * A Triton process. An implementation decides nothing: it carries out one order, or reports what is there. Every call
 * has its own deadline and always settles.
 */
export interface ModelServer {
  /**
   * Resolves once the model was loaded and ModelReady has confirmed it, with the versions that serve (empty where they
   * could not be read). Rejects with OrderUnsent where no connection stands, with OrderRefused where Triton answered with an error, with anything else where the
   * outcome is unknown (deadline, lost connection, an OK that ModelReady does not confirm).
   */
  load(model: ModelId, config: LoadConfig | null, timeout: Millis): Promise<readonly string[]>;
  /** Resolves once Triton acknowledged. The memory comes back later, which only a look tells. Rejects like `load`. */
  unload(model: ModelId): Promise<void>;
  /** Index (scope `full`), statistics, metrics. Without a connection one is tried at once. Rejects with LookRefused. */
  look(scope: 'full' | 'statistics', probeMode: boolean): Promise<Look>;
  /** The config of a model that serves. Rejects where the model does not serve. */
  describe(model: ModelId): Promise<ModelDescription>;
  /** Whether a new TCP connection to the control port is accepted within 2 s. */
  probe(): Promise<boolean>;
  /** Connects, and tells what the control connection does from now on. Called once. */
  watch(listener: (fact: ContactFact) => void): void;
  /** Closes the connection and stops telling. */
  close(): void;
}
