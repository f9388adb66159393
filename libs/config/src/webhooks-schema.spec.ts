import { describe, expect, it } from '@jest/globals';
import { readConfig, type ConfigResult } from './read-config.js';

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const FILES = {
  '/etc/berth/new': `${SECRET}\n`,
  '/etc/berth/old': SECRET,
  '/etc/berth/short': 'whsec_c2hvcnQ=',
  '/etc/berth/bare': Buffer.alloc(24, 7).toString('base64'),
  '/etc/berth/headers.yaml': 'triton-grpc-protocol-infer-key: k',
  '/etc/berth/ca.pem': '-----BEGIN CERTIFICATE-----',
};

function read(fleet: string): ConfigResult {
  const files = new Map(Object.entries(FILES).map(([path, text]) => [path, { text }]));
  const file = { path: '/etc/berth/berth.yaml', text: `webhooks: { fleet: ${fleet} }` };
  return readConfig({ file, env: {}, flags: { triton: [] }, files });
}

const errorsOf = (result: ConfigResult): string[] =>
  result.ok ? [] : result.errors.map(({ path, rule }) => `${path}: ${rule}`);

describe('the section webhooks', () => {
  it('lets no server join and knows no secret where it says nothing', () => {
    const result = read('{}');
    expect(result.ok && result.config.webhooks.fleet).toEqual({
      secrets: [],
      allow: [],
      joiners: { headers: {}, tls: null },
    });
  });

  it('has secrets, headers and TLS from files', () => {
    const result = read(
      '{ secretFiles: [new, old], allow: [10.0.0.0/8, "*.ml.svc"], headersFile: headers.yaml, tls: { ca: ca.pem } }',
    );
    expect(errorsOf(result)).toEqual([]);
    expect(result.ok && result.config.webhooks.fleet).toMatchObject({
      secrets: [new Uint8Array(24).fill(7), new Uint8Array(24).fill(7)],
      joiners: { headers: { 'triton-grpc-protocol-infer-key': 'k' }, tls: { cert: null } },
    });
  });

  it.each([
    ['{ secretFiles: [short] }', 'webhooks.fleet.secretFiles[0]: must name a file with whsec_'],
    ['{ secretFiles: [new, bare] }', 'webhooks.fleet.secretFiles[1]: must name a file with whsec_'],
    ['{ secretFiles: [gone] }', 'webhooks.fleet.secretFiles[0]: must name a file that can be read'],
    ['{ headersFile: gone }', 'webhooks.fleet.headersFile: must name a file that can be read'],
    ['{ tls: { cert: ca.pem } }', 'webhooks.fleet.tls: must have both cert and key, or neither'],
    ['{ allow: ["*"] }', 'webhooks.fleet.allow[0]: must be an IP address, a network'],
    ['{ headers: { a: b } }', 'webhooks.fleet.headers: is not a known key'],
  ])('is refused as %s', (fleet, rule) => {
    const errors = errorsOf(read(fleet));
    expect(errors).toContainEqual(expect.stringContaining(rule));
    expect(errors.join()).not.toContain('c2hvcnQ');
  });
});
