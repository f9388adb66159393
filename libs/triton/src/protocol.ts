import { join } from 'node:path';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { packageRoot } from './package-root.js';

/** What we send and get, per call. Fields that are at their default are absent; 64-bit numbers are texts. */
export interface Calls {
  ServerMetadata: { request: object; response: { version?: string } };
  ModelReady: { request: { name: string }; response: { ready?: boolean } };
  ModelConfig: { request: { name: string }; response: { config?: ConfigMessage } };
  ModelStatistics: { request: object; response: { model_stats?: StatisticsMessage[] } };
  RepositoryIndex: { request: object; response: { models?: IndexMessage[] } };
  RepositoryModelLoad: {
    request: { model_name: string; parameters?: { config: { string_param: string } } };
    response: object;
  };
  RepositoryModelUnload: { request: { model_name: string }; response: object };
}

/** One row of the repository index. */
export interface IndexMessage {
  name?: string;
  version?: string;
  state?: string;
  reason?: string;
}

/** The part of a version's statistics that is read. */
export interface StatisticsMessage {
  name?: string;
  version?: string;
  last_inference?: string;
  inference_stats?: {
    success?: { count?: string };
    fail?: { count?: string };
    queue?: { ns?: string };
  };
  memory_usage?: { type?: string; id?: string; byte_size?: string }[];
}

/** A model's config; what is not named here is there too. */
export interface ConfigMessage {
  instance_group?: InstanceGroup[];
  ensemble_scheduling?: { step?: { model_name?: string }[] };
}

/** How many instances of a model there are, and where. */
export interface InstanceGroup {
  name?: string;
  kind?: string;
  count?: number;
  gpus?: number[];
}

/** Triton's service as grpc-js takes it. */
export function loadProtocol(): ServiceDefinition {
  const folder = join(packageRoot(), 'proto', 'triton');
  const all = loadSync('grpc_service.proto', {
    includeDirs: [folder],
    keepCase: true,
    longs: String,
    enums: String,
    json: true,
  });
  return all['inference.GRPCInferenceService'] as ServiceDefinition;
}
