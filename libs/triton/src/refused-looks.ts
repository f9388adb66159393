import { status } from '@grpc/grpc-js';
import { LookRefused } from '#engine';
import { CallFailed, saysNotNow, saysRestricted } from './call-failed.js';

/** An answer that no Triton gives. */
export class Nonsense extends Error {
  override readonly name = 'Nonsense';
}

/** What a look that ended with `error` says of the server. */
export function lookRefused(error: unknown): LookRefused {
  if (error instanceof LookRefused) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new LookRefused(error instanceof CallFailed ? whyOf(error) : 'nonsense', message);
}

function whyOf(failure: CallFailed): LookRefused['why'] {
  if (saysRestricted(failure)) return { mode: 'restricted' };
  if (saysNotNow(failure)) return 'not_now';
  switch (failure.code) {
    case status.DEADLINE_EXCEEDED:
      return 'timed_out';
    case status.UNAVAILABLE:
    case status.CANCELLED:
      return 'unreachable';
    default:
      return 'nonsense';
  }
}
