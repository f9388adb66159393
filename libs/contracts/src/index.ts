export * from './audit.js';
export { canonical, isDeeperThan } from './canonical.js';
export {
  ADMIN,
  adminClientService,
  adminDefinition,
  BATCH_BYTES,
  EXTERNAL_PROCESSOR,
  EXTERNAL_SCALER,
  externalProcessorClientService,
  externalProcessorService,
  externalScalerClientService,
  externalScalerService,
  itemWriter,
  publishedDefinition,
  requestWriters,
  ROUTER,
  routerClientService,
  routerService,
  rpcStatusDefinition,
} from './definitions.js';
export * from './device.js';
export * from './explanation.js';
export * from './fleet.js';
export { closedView, explanationView } from './explanation-view.js';
export { closedWords } from './lines/closed-words.js';
export { explanationLines } from './lines/explanation-lines.js';
export { planLines } from './lines/plan-lines.js';
export { clipped, counted, printable } from './lines/printable.js';
export { type Column, table } from './lines/table.js';
export { away, lasting } from './lines/times.js';
export { liveSchema } from './health.js';
export { MalformedRequest } from './malformed.js';
export * from './messages.js';
export { NAME, NAME_RULE } from './names.js';
export { once } from './once.js';
export * from './plan.js';
export * from './scaling.js';
export * from './events.js';
export * from './warmup.js';
export * from './watched-routes.js';
export { reasonIn, toldIn } from './reason-in.js';
export { BERTH_VERSION, protoFolder } from './package.js';
export { type Reason, REFUSALS } from './refusals.js';
export { fromStruct, type Struct, toStruct } from './struct.js';
export { MAX_ENTRIES, NOT_UNICODE, TOO_MANY } from './wire.js';
