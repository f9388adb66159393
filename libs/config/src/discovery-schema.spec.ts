import { describe, expect, it } from '@jest/globals';
import { readConfig } from './read-config.js';

const read = (discovery: unknown) =>
  readConfig({
    file: { path: 'berth.yaml', text: JSON.stringify({ discovery }) },
    env: {},
    flags: { triton: [] },
  });

const refusals = (discovery: unknown): string[] => {
  const result = read(discovery);
  return result.ok ? [] : result.errors.map(({ path, rule }) => `${path}: ${rule}`);
};

const NAME =
  'must be a name in DNS of at most 253 characters; what has a fixed address belongs under servers';

describe('discovery', () => {
  it('is none where it is left out', () => {
    expect(readConfig({ env: {}, flags: { triton: [] } })).toMatchObject({ config: { discovery: [] } });
  });

  it("has Triton's own ports and a minute by default, and takes names as DNS compares them", () => {
    expect(
      read([{ srv: '_grpc._tcp.Triton.ml.svc.cluster.local.' }, { host: 'tritons.example', port: 8001 }]),
    ).toMatchObject({
      config: {
        discovery: [
          {
            question: { kind: 'srv', name: '_grpc._tcp.triton.ml.svc.cluster.local' },
            http: 8000,
            metrics: 8002,
            labels: {},
            leaveSeconds: 60,
          },
          { question: { kind: 'host', name: 'tritons.example', port: 8001 } },
        ],
      },
    });
  });

  it('takes what is said, null for a port that there is not', () => {
    const said = { http: null, metrics: 9002, labels: { zone: 'a' }, leaveSeconds: 5 };
    expect(read([{ srv: 'a.example', ...said }])).toMatchObject({ config: { discovery: [said] } });
  });

  it.each([
    [[{}], 'discovery[0]: must have either srv, or host and port'],
    [[{ srv: 'a.b', host: 'a.b' }], 'discovery[0]: must have either srv, or host and port'],
    [[{ srv: 'a.b', port: 1 }], 'discovery[0].port: must not be given beside srv: its records tell the port'],
    [[{ host: 'a.b' }], 'discovery[0].port: is required beside host'],
    [[{ host: '10.0.0.1', port: 1 }], `discovery[0].host: ${NAME}`],
    [[{ host: '::1', port: 1 }], `discovery[0].host: ${NAME}`],
    [[{ srv: 'a b' }], `discovery[0].srv: ${NAME}`],
    [[{ srv: `${'a.'.repeat(127)}b` }], `discovery[0].srv: ${NAME}`],
    [[{ srv: 'a.b' }, { srv: 'A.b.' }], 'discovery[1]: must be unique: another entry asks for the same'],
    [
      [{ srv: 'a.b', leaveSeconds: 0 }],
      'discovery[0].leaveSeconds: must be a number of seconds from 1 to 86400',
    ],
    [[{ srv: 'a.b', http: 0 }], 'discovery[0].http: must be a whole number from 1 to 65535'],
    [[{ srv: 'a.b', grpc: 1 }], 'discovery[0].grpc: is not a known key'],
  ])('refuses %j', (discovery, refusal) => {
    expect(refusals(discovery)).toEqual([refusal]);
  });

  it('has at most 64 entries', () => {
    const many = Array.from({ length: 65 }, (_, nth) => ({ srv: `n${nth}.example` }));
    expect(refusals(many)).toEqual(['discovery: must have at most 64 entries']);
    expect(read(many.slice(1)).ok).toBe(true);
  });
});
