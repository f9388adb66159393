import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import type { ModelId } from '#core';
import { CallFailed } from './call-failed.js';
import { refusedBecause } from './refused-orders.js';

const loadFailed = (cause: string) =>
  `load failed for model 'm': version 1 is at UNAVAILABLE state: ${cause};\n`;
const { INVALID_ARGUMENT, INTERNAL, UNAVAILABLE } = status;

const CASES: [string, status, string, ReturnType<typeof refusedBecause>][] = [
  [
    'a Python exception for lack of memory',
    INVALID_ARGUMENT,
    loadFailed('Internal: MemoryError: CUDA out of memory. Tried to allocate 2.00 GiB'),
    'capacity',
  ],
  [
    'libtorch',
    INVALID_ARGUMENT,
    loadFailed("Internal: failed to load model 'm': CUDA out of memory."),
    'capacity',
  ],
  [
    'a failed allocation',
    INVALID_ARGUMENT,
    loadFailed('Internal: Failed to allocate memory for x'),
    'capacity',
  ],
  ['cuBLAS', INVALID_ARGUMENT, loadFailed('Internal: CUBLAS_STATUS_ALLOC_FAILED'), 'capacity'],
  ['the word itself', INVALID_ARGUMENT, loadFailed('Internal: CUDA_OOM: 3 GiB'), 'capacity'],
  [
    'the limit of a GPU',
    INVALID_ARGUMENT,
    loadFailed(
      "Unavailable: can not create model 'm_0_0': memory limit set for GPU 0 has exceeded, model loading is rejected.",
    ),
    'capacity',
  ],
  ['a word that only contains it', INVALID_ARGUMENT, loadFailed('Internal: no ROOM for it'), 'configuration'],
  [
    'a syntax error',
    INVALID_ARGUMENT,
    loadFailed("Internal: SyntaxError: '(' was never closed (model.py, line 1)"),
    'configuration',
  ],
  [
    'a dead stub',
    INVALID_ARGUMENT,
    loadFailed("Internal: Stub process 'm_0_0' is not healthy."),
    'configuration',
  ],
  [
    'a host whose name is not resolved for a moment',
    INVALID_ARGUMENT,
    loadFailed('Internal: gaierror: [Errno -3] Temporary failure in name resolution'),
    'transient',
  ],
  [
    'a store of weights that does not listen',
    INVALID_ARGUMENT,
    loadFailed('Internal: ConnectionRefusedError: [Errno 111] Connection refused'),
    'transient',
  ],
  [
    'a library that was not answered in time',
    INVALID_ARGUMENT,
    loadFailed('Internal: requests.exceptions.ReadTimeout: Read timed out. (read timeout=10)'),
    'transient',
  ],
  [
    'a file system that comes back',
    INVALID_ARGUMENT,
    loadFailed('Internal: OSError: [Errno 116] Stale file handle'),
    'transient',
  ],
  [
    'memory that ran out while a connection was made',
    INVALID_ARGUMENT,
    loadFailed('Internal: MemoryError after ConnectionError'),
    'capacity',
  ],
  [
    'a GPU that is not there',
    INVALID_ARGUMENT,
    loadFailed('Invalid argument: instance group m_0 of model m specifies invalid or unsupported gpu id 7.'),
    'configuration',
  ],
  [
    'a parameter of the wrong type',
    INVALID_ARGUMENT,
    "invalid value type for load parameter 'config', expected string_param.",
    'configuration',
  ],
  [
    'no version directory',
    INVALID_ARGUMENT,
    "load failed for model 'm': at least one version must be available under the version policy of model 'm'\n",
    'missing',
  ],
  [
    'a missing step',
    INVALID_ARGUMENT,
    "load failed for model 'm': ensemble m contains models that are not available or ambiguous: s\n",
    'missing',
  ],
  [
    'what could not be polled',
    INTERNAL,
    "failed to load 'm', failed to poll from model repository",
    'poll_failed',
  ],
  ['a load that an unload overtook', INTERNAL, "failed to load 'm', no version is available", null],
  [
    'an unload that a load overtook',
    INTERNAL,
    "failed to unload 'm', versions that are still available: 1",
    'transient',
  ],
  ['a broken stream', INTERNAL, 'Received RST_STREAM with code 2', null],
  [
    'another mode',
    UNAVAILABLE,
    'explicit model load / unload is not allowed if polling is enabled',
    'wrong_mode',
  ],
  [
    'a restricted protocol',
    UNAVAILABLE,
    "This protocol is restricted, expecting header 'triton-grpc-protocol-k'",
    'restricted',
  ],
  ['a proxy that asks for a credential', status.UNAUTHENTICATED, 'who are you', 'restricted'],
  ['a server that leaves', UNAVAILABLE, 'Server not ready', 'transient'],
  ['a server that leaves, in other words', UNAVAILABLE, 'Server exiting', 'transient'],
  ['a connection that broke', UNAVAILABLE, 'Connection dropped', null],
  ['pings that were too many', UNAVAILABLE, 'Too many pings', null],
  ['a deadline', status.DEADLINE_EXCEEDED, 'Deadline exceeded after 5.0s', null],
  ['a cancelled call', status.CANCELLED, 'Cancelled on client', null],
  ['what is not known', status.UNKNOWN, 'Stream removed', null],
  ['an answer that was too large', status.RESOURCE_EXHAUSTED, 'Received message larger than max', null],
  ['something that is no Triton', status.UNIMPLEMENTED, 'Method not found', 'configuration'],
];

describe('why an order was refused', () => {
  it.each(CASES)('%s', (_, code, details, cause) => {
    expect(refusedBecause(new CallFailed(code, details, 'load'), 'm' as ModelId)).toBe(cause);
  });

  it('does not take the name of a model for the cause', () => {
    const details =
      "load failed for model 'OOM': version 1 is at UNAVAILABLE state: Internal: x\n  /r/OOM/1/model.py;\n";
    const failure = new CallFailed(INVALID_ARGUMENT, details, 'load');
    expect(refusedBecause(failure, 'OOM' as ModelId)).toBe('configuration');
  });
});
