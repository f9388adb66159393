export { type TritonOptions, TritonServer } from './triton-server.js';
export { CallFailed, saysLeaving, saysRestricted, saysWrongMode } from './call-failed.js';
export { askTwice } from './ask-twice.js';
export { configParameter } from './load-config.js';
export { describeConfig } from './model-description.js';
export { lookRefused } from './refused-looks.js';
export { refusedBecause } from './refused-orders.js';
export { indexRows, servingRows } from './rows.js';
export { pauseAfter } from './tries.js';
