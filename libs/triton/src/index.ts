export { type TritonOptions, TritonServer } from './triton-server.js';
