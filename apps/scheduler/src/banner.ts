import type { Config } from '#config';
import type { Demo } from './parts.js';

interface Served {
  readonly http: string;
  readonly grpc: string;
  readonly demo: Demo | null;
}

/** What is printed once everything runs: what runs where, and what to try. */
export function banner(config: Config, { http, grpc, demo }: Served): string {
  const servers = config.servers.map(({ id, grpc: address }) => `${id} (${address})`);
  const what = demo
    ? [
        '  *** DEMO: no server is configured, so a SIMULATED Triton was started. Nothing here runs on a real GPU.',
        `  *** ${demo.words}. Give a real one with: npm start -- --triton 127.0.0.1:8001`,
      ]
    : [`  servers  ${servers.join(', ') || 'as declared over the API'}`];
  const model = demo ? 'resnet50' : 'MODEL';
  return [
    `Berth is up: fleet ${config.fleet}, state under ${config.data}`,
    `  HTTP     ${http}`,
    `  gRPC     ${grpc}`,
    ...what,
    'Try:',
    `  curl -X POST ${http}/v1/models/${model}/resolve`,
    `  curl ${http}/v1/models`,
    `  curl -X PUT ${http}/v1/models/${model}/pin -H 'content-type: application/json' -d '{"copies":1}'`,
    '',
  ].join('\n');
}
