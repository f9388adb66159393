import type { Config } from '#config';
import type { Trouble } from '#engine';
import type { Demo } from './parts.js';

interface Served {
  readonly http: string;
  readonly grpc: string;
  readonly demo: Demo | null;
  readonly troubles: { of(id: string): Trouble | null };
}

/** More than these are only counted. */
const MOST_TROUBLES = 10;

/** What is printed once everything runs: what runs where, and what to try. */
export function banner(config: Config, { http, grpc, demo, troubles }: Served): string {
  const servers = config.servers.map(({ id, grpc: address }) => `${id} (${address})`);
  const what = demo
    ? [
        '  *** DEMO: no server is configured, so a SIMULATED Triton was started. Nothing here runs on a real GPU.',
        `  *** ${demo.words}. Give a real one with: npm start -- --triton 127.0.0.1:8001`,
      ]
    : [`  servers  ${servers.join(', ') || 'as declared over the API'}`, ...troubled(config, troubles)];
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

/** The servers that are not reached, and why. */
function troubled({ servers }: Config, troubles: Served['troubles']): string[] {
  const lines = servers.flatMap(({ id }) => {
    const trouble = troubles.of(id);
    return trouble ? [`  *** server ${id} is not reached: ${trouble.detail}`] : [];
  });
  const left = lines.length - MOST_TROUBLES;
  return left > 0 ? [...lines.slice(0, MOST_TROUBLES), `  *** and ${left} more servers`] : lines;
}
