export { FirstMessage, MAX_READ, type Named, Unreadable } from './first-message.js';
export { type CallKind, grpcCall, httpCall, type TritonCall } from './triton-call.js';
