/**
 * Why a store cannot be used: another process has it, it belongs to another installation, another version of
 * Berth wrote it, what is in it makes no sense, the folder cannot be reached, or it does not answer at all: then what was asked of it may hold
 * up the end of the process, too.
 */
export type UnusableReason = 'in_use' | 'other_fleet' | 'other_version' | 'damaged' | 'unreachable' | 'stuck';

/** The store was left as it is. The message is for the operator, who alone can decide what becomes of it. */
export class StoreUnusable extends Error {
  override readonly name = 'StoreUnusable';

  constructor(
    readonly reason: UnusableReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
