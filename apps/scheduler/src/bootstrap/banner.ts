import { type Config, isWildcard } from '#config';
import type { Trouble } from '#engine';
import { demoFolder } from './demo-store.js';
import type { Demo } from '../cluster/leadership/term-config.js';
import type { Peers } from '../cluster/leadership/peers.js';

interface Served {
  readonly http: string;
  readonly grpc: string;
  readonly demo: Demo | null;
  readonly connectionErrors: { of(id: string): Trouble | null } | null;
  readonly adminKeyFile: string | null;
  readonly authorityFile: string | null;
  readonly peers: Peers | null;
}

/** More than these are only counted. */
const MAX_TROUBLES = 10;

/** What is printed once everything runs: what runs where, and what to try. */
export function banner(config: Config, served: Served): string {
  const { http, grpc, demo, connectionErrors } = served;
  const servers = config.servers.map(({ id, grpc: address }) => `${id} (${address})`);
  const what = demo
    ? [
        '  *** DEMO: no server is configured, so a SIMULATED Triton was started. Nothing here runs on a real GPU.',
        `  *** ${demo.words}. Give a real one with: npm start -- --triton 127.0.0.1:8001`,
      ]
    : [
        `  servers  ${servers.join(', ') || 'as declared over the API'}`,
        ...config.discovery.map(({ question }) => `  DNS      servers of ${question.name}`),
        ...troubled(config, connectionErrors),
      ];
  return [
    `Berth is up: fleet ${config.fleet}, state ${config.redis ? 'in Redis' : `under ${demo ? demoFolder(config.data) : config.data}`}`,
    `  HTTP     ${http}`,
    `  gRPC     ${grpc}${config.tls ? ' (TLS)' : ''}`,
    ...openness(config, served),
    ...peerLines(served),
    ...what,
    'Try:',
    ...toTry(config, served, demo ? 'resnet50' : 'MODEL'),
    '',
  ].join('\n');
}

/** This process among its peers. */
function peerLines({ peers }: Served): string[] {
  if (peers === null) return [];
  const { name, candidate } = peers;
  const leader = candidate.present;
  if (leader === null) return [`  peer     ${name}; no peer leads yet`];
  const who = leader.peer === name ? 'this one' : `${leader.peer} (${leader.http})`;
  return [`  peer     ${name}; the leader is ${who}, term ${leader.term}`];
}

/** The callers beyond loopback. The key itself is not told. */
function openness({ insecureListen }: Config, { adminKeyFile, authorityFile }: Served): string[] {
  return [
    ...(insecureListen
      ? ['  *** OPEN: any client that reaches this Berth may do all (--insecure-listen)']
      : []),
    ...(adminKeyFile === null ? [] : [`  key      ${adminKeyFile} (the only caller so far is the admin)`]),
    ...(authorityFile === null ? [] : [`  CA       ${authorityFile} (clients have to trust it)`]),
  ];
}

function toTry(
  { http: { host } }: Config,
  { http, adminKeyFile, authorityFile }: Served,
  model: string,
): string[] {
  const url = isWildcard(host) ? http.replace(/0\.0\.0\.0|\[::\]/, 'localhost') : http;
  if (adminKeyFile === null && authorityFile === null)
    return [
      `  curl -X POST ${url}/v1/models/${model}/resolve`,
      `  curl ${url}/v1/models`,
      `  curl -X PUT ${url}/v1/models/${model}/pin -H 'content-type: application/json' -d '{"copies":1}'`,
    ];
  const trust = authorityFile === null ? '' : ` --ca ${authorityFile}`;
  const key = ` --key-file ${adminKeyFile ?? 'FILE'}`;
  const berthctl = `  npx berthctl --url ${url}${trust}${key}`;
  return [`${berthctl} resolve ${model}`, `${berthctl} get models`, `${berthctl} pin ${model}`];
}

/** The servers that are not reached, and why. */
function troubled({ servers }: Config, connectionErrors: Served['connectionErrors']): string[] {
  const lines = servers.flatMap(({ id }) => {
    const trouble = connectionErrors?.of(id);
    return trouble ? [`  *** server ${id} is not reached: ${trouble.detail}`] : [];
  });
  const left = lines.length - MAX_TROUBLES;
  return left > 0 ? [...lines.slice(0, MAX_TROUBLES), `  *** and ${left} more servers`] : lines;
}
