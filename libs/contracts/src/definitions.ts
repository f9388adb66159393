import { loadSync, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { tolerant, unlessWritten } from './malformed.js';
import { once } from './once.js';
import { protoFolder } from './package.js';

/** The names of our two services, as the contract fixes them. */
export const ROUTER = 'berth.v1.Router';
export const ADMIN = 'berth.v1.Admin';
/** The name that KEDA calls. */
export const EXTERNAL_SCALER = 'externalscaler.ExternalScaler';

/** The name that Envoy calls. */
export const EXTERNAL_PROCESSOR = 'envoy.service.ext_proc.v3.ExternalProcessor';

const EXTERNAL_PROCESSOR_FILE = 'envoy/service/ext_proc/v3/external_processor.proto';
const EXTERNAL_SCALER_FILE = 'externalscaler/externalscaler.proto';

/** Reads files of our .proto folder, which a command line in one file has no need of. */
const load = (files: string | string[], longs: typeof String | typeof Number = String): PackageDefinition =>
  loadSync(files, { longs, enums: String, defaults: true, includeDirs: [protoFolder()] });

/** The longest message of a batch; no other method takes as long a one. */
export const BATCH_BYTES = 4 * 2 ** 20;

/** Admin without Router: Nest serves every service of a package it loads. */
export function adminDefinition(): PackageDefinition {
  const definition = load('berth/v1/admin.proto');
  const service = tolerant(definition, serviceOf(definition, ADMIN), { BatchModels: BATCH_BYTES });
  const lists = ['ListModels', 'ListServers'].map((name) => {
    const { responseSerialize, ...method } = service[name]!;
    // Items are written one by one, with pauses: see `itemWriter`.
    const writePage = ({ items, ...rest }: { readonly items: readonly Buffer[] }): Buffer =>
      Buffer.concat([...items, responseSerialize(rest)]);
    return [name, { ...method, responseSerialize: unlessWritten(writePage) }];
  });
  return { ...definition, [ADMIN]: { ...service, ...Object.fromEntries(lists) } };
}

/**
 * Writes an item of a list as a page with this item alone: protobuf reads such pages one after the other as one page of all items
 * (https://protobuf.dev/programming-guides/encoding/#last-one-wins).
 */
export function itemWriter(list: 'ListModels' | 'ListServers'): (item: object) => Buffer {
  const write = adminClientService()[list]!.responseSerialize;
  return (item) => write({ items: [item] });
}

/** The longest report of routes that were used. */
const REPORT_BYTES = 2 ** 20;

/** Router alone, for raw handlers. A route that is answered again as the same object is not encoded again. */
export function routerService(): ServiceDefinition {
  const definition = load('berth/v1/router.proto');
  const { Resolve: method, ...others } = tolerant(definition, serviceOf(definition, ROUTER), {
    ReportUsage: REPORT_BYTES,
  });
  return { ...others, Resolve: { ...method!, responseSerialize: once(method!.responseSerialize) } };
}

/** KEDA's external scaler, for raw handlers. */
export function externalScalerService(): ServiceDefinition {
  const definition = load(EXTERNAL_SCALER_FILE);
  return tolerant(definition, serviceOf(definition, EXTERNAL_SCALER));
}

/** A message of Envoy has a part of a body of at most so many bytes, or the headers of a request. */
const PROCESSING_BYTES = 2 ** 20;

/** Envoy's external processing, for raw handlers. */
export function externalProcessorService(): ServiceDefinition {
  const definition = load(EXTERNAL_PROCESSOR_FILE);
  return tolerant(definition, serviceOf(definition, EXTERNAL_PROCESSOR), { Process: PROCESSING_BYTES });
}

/** The same as clients use it. */
export function externalProcessorClientService(): ServiceDefinition {
  return serviceOf(load(EXTERNAL_PROCESSOR_FILE), EXTERNAL_PROCESSOR);
}

/**
 * What writes the requests of our methods with one request and one answer, by the paths of the methods. The answers to these
 * calls may be handed to their server as bytes that are written already.
 */
export function requestWriters(): ReadonlyMap<string, (request: object) => Buffer> {
  const services = [adminClientService(), routerClientService(), externalScalerClientService()];
  const methods = services.flatMap((service) => Object.values(service));
  const unary = methods.filter(({ requestStream, responseStream }) => !requestStream && !responseStream);
  return new Map(unary.map(({ path, requestSerialize }) => [path, requestSerialize]));
}

/** The same as clients use it. */
export function externalScalerClientService(): ServiceDefinition {
  return serviceOf(load(EXTERNAL_SCALER_FILE), EXTERNAL_SCALER);
}

/** Router as clients use it. `longs`: what its 64-bit numbers are read as. */
export function routerClientService(longs: typeof String | typeof Number = String): ServiceDefinition {
  return serviceOf(load('berth/v1/router.proto', longs), ROUTER);
}

/** Admin as clients use it. */
export function adminClientService(): ServiceDefinition {
  return serviceOf(load('berth/v1/admin.proto'), ADMIN);
}

/** All that is served: the files of one package are told as one by reflection, so none may be missing. */
export function publishedDefinition(): PackageDefinition {
  return load([
    'berth/v1/router.proto',
    'berth/v1/admin.proto',
    EXTERNAL_SCALER_FILE,
    EXTERNAL_PROCESSOR_FILE,
    'google/rpc/error_details.proto',
  ]);
}

/** What error details are written with. */
export function rpcStatusDefinition(): PackageDefinition {
  return load(['google/rpc/status.proto', 'google/rpc/error_details.proto']);
}

function serviceOf(definition: PackageDefinition, name: string): ServiceDefinition {
  const service = definition[name];
  if (service === undefined) throw new Error(`proto: no service ${name}`);
  return service as ServiceDefinition;
}
