import { loadSync, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { tolerant } from './malformed.js';
import { once } from './once.js';
import { protoFolder } from './proto-folder.js';

/** The two services' names, as the contract fixes them. */
export const ROUTER = 'berth.v1.Router';
export const ADMIN = 'berth.v1.Admin';

const load = (...files: string[]): PackageDefinition =>
  loadSync(files, { longs: String, enums: String, defaults: true, includeDirs: [protoFolder()] });

/** The longest message of a batch; no other method takes as long a one. */
export const BATCH_BYTES = 4 * 2 ** 20;

/** Admin without Router: Nest serves every service of a package it loads. */
export function adminDefinition(): PackageDefinition {
  const definition = load('berth/v1/admin.proto');
  return {
    ...definition,
    [ADMIN]: tolerant(definition, serviceOf(definition, ADMIN), { BatchModels: BATCH_BYTES }),
  };
}

/** Router alone, for raw handlers. A route that is answered again as the same object is not encoded again. */
export function routerService(): ServiceDefinition {
  const definition = load('berth/v1/router.proto');
  const { Resolve: method, ...others } = tolerant(definition, serviceOf(definition, ROUTER));
  return { ...others, Resolve: { ...method!, responseSerialize: once(method!.responseSerialize) } };
}

/** Router as clients use it. */
export function routerClientService(): ServiceDefinition {
  return serviceOf(load('berth/v1/router.proto'), ROUTER);
}

/** Admin as clients use it. */
export function adminClientService(): ServiceDefinition {
  return serviceOf(load('berth/v1/admin.proto'), ADMIN);
}

/** Both together: the files of one package are told as one by reflection, so none may be missing. */
export function publishedDefinition(): PackageDefinition {
  return load('berth/v1/router.proto', 'berth/v1/admin.proto', 'google/rpc/error_details.proto');
}

/** What error details are written with. */
export function rpcStatusDefinition(): PackageDefinition {
  return load('google/rpc/status.proto', 'google/rpc/error_details.proto');
}

function serviceOf(definition: PackageDefinition, name: string): ServiceDefinition {
  const service = definition[name];
  if (service === undefined) throw new Error(`proto: no service ${name}`);
  return service as ServiceDefinition;
}
