import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { signedRequest } from '../../apps/scheduler/src/integrations/events/signature.js';
import { installedStandardWebhooks } from '../../tools/standard-webhooks/install.mjs';

/** Reads a letter and a secret from stdin, as a receiver in Python does it (docs/events.md). */
const RECEIVER = `
import json, sys
from standardwebhooks import Webhook
asked = json.load(sys.stdin)
try:
    print(json.dumps(Webhook(asked["secret"]).verify(asked["body"], asked["headers"])))
except Exception as error:
    print(json.dumps(type(error).__name__))
`;

const found = installedStandardWebhooks();
const isTested = found.ok || process.env['CI'] === 'true';
const name = 'what Berth signs, verified by standardwebhooks for Python';
if (!isTested) process.stderr.write(`SKIPPED: ${name}: it is missing: ${found.missing}\n`);

(isTested ? describe : describe.skip)(name, () => {
  const event = { id: 'evt_1', type: 'server.lost', at: '2026-01-31T12:00:00.000Z', data: { server: 'ä' } };
  const keys = [1, 2].map((byte) => new Uint8Array(32).fill(byte));

  function verified(key: Uint8Array, change: object = {}): unknown {
    if (!found.ok) throw new Error(`standardwebhooks is missing: ${found.missing}`);
    const request = signedRequest(event, keys, Date.now());
    const secret = `whsec_${Buffer.from(key).toString('base64')}`;
    const input = JSON.stringify({ ...request, secret, ...change });
    return JSON.parse(execFileSync(found.python, ['-c', RECEIVER], { input, encoding: 'utf8' }));
  }

  it('is taken with each secret, and with no other', () => {
    const { type, at: timestamp, data } = event;
    for (const key of keys) expect(verified(key)).toEqual({ type, timestamp, data });
    expect(verified(new Uint8Array(32))).toBe('WebhookVerificationError');
  });

  it('is refused for another body', () => {
    expect(verified(keys[0]!, { body: '{}' })).toBe('WebhookVerificationError');
  });
});
