export type ReadyState = 'starting' | 'ready' | 'pressure' | 'ending';

/** What probes are answered. An implementation knows whether this process serves. */
export abstract class ProcessHealth {
  /** Whether callers should come to this process, whether it leads or not. */
  abstract state(): ReadyState;

  /** Whether the store takes what it is to keep; true where this process does not lead. */
  abstract isStoreOk(): boolean;
}
