import { status } from '@grpc/grpc-js';
import type { FailureCause, ModelId } from '#core';
import { type CallFailed, saysLeaving, saysRestricted, saysWrongMode } from './call-failed.js';

/** What a refused order came of. `poll_failed` is one text for a missing model and for a config it can't use. */
export type Refused = FailureCause | 'poll_failed';

/**
 * Sorts what an order was answered with; null leaves its outcome unknown. The texts are of Triton 2.51 and serve
 * for the cause only: no state is read from them.
 */
export function refusedBecause(failure: CallFailed, model: ModelId): Refused | null {
  switch (failure.code) {
    case status.UNAVAILABLE:
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return refusedByServer(failure);
    case status.INTERNAL:
      return refusedInside(failure.details);
    case status.INVALID_ARGUMENT:
      return refusedByModel(failure.details, model);
    case status.NOT_FOUND:
      return 'missing';
    case status.UNIMPLEMENTED:
      return 'configuration';
    default:
      return null;
  }
}

/** What Triton has carried out to its end and found undone again; all other texts may be of a stream that broke. */
function refusedInside(details: string): Refused | null {
  if (details.includes('failed to poll from model repository')) return 'poll_failed';
  return details.includes('versions that are still available') ? 'transient' : null;
}

function refusedByServer(failure: CallFailed): FailureCause | null {
  if (saysWrongMode(failure)) return 'wrong_mode';
  if (saysRestricted(failure)) return 'restricted';
  return saysLeaving(failure) ? 'transient' : null;
}

function refusedByModel(details: string, model: ModelId): FailureCause {
  const text = details.replaceAll(`'${model}'`, '').replaceAll(`/${model}/`, '/');
  if (TOO_LARGE.test(text)) return 'capacity';
  if (MISSING.test(text)) return 'missing';
  return PASSING.test(text) ? 'transient' : 'configuration';
}

const MISSING = /at least one version must be available|contains models that are not available/;

/** What an operating system or a library says of others that do not answer just now, to a backend that reads its weights from them. */
const PASSING = new RegExp(
  [
    'Temporary failure in name resolution',
    'Connection (refused|reset|aborted|timed out)',
    'Connect(ion)?(Error|Timeout)',
    'ReadTimeout',
    'Resource temporarily unavailable',
    'Device or resource busy',
    'Too many open files',
    'Stale file handle',
  ].join('|'),
);

/** The texts NVIDIA's SageMaker front end takes for "out of memory", and that of `--model-load-gpu-limit`. */
const TOO_LARGE = new RegExp(
  [
    'memory limit set for',
    'CUDA_OUT_OF_MEMORY',
    '[Oo]ut [Oo]f [Mm]emory',
    'MemoryError',
    'OutOfMemory',
    '(?<![A-Za-z])OOM(?![a-z])',
    '(Dst|Src) tensor is not initialized',
    'CNMEM_STATUS_OUT_OF_MEMORY',
    'CUDNN_STATUS_NOT_INITIALIZED',
    'CUBLAS_STATUS_(ALLOC_FAILED|NOT_INITIALIZED)',
    '[Ff]ailed to allocate memory',
    'No space left on device',
  ].join('|'),
);
