import { hashOf, newKey, SignIn } from '#access';
import { namesIn } from '../../apps/scheduler/src/transport/access/certificate-names.js';

const SAN = 'URI:spiffe://cluster/ns/keda/sa/keda-operator';
const GRANT = { role: 'admin', tenant: null, maxClass: null } as const;
const NEVER_ANSWERS = 'http://127.0.0.1:9/';
const UNSIGNED: ReadonlySet<unknown> = new Set(['not_signed_in', 'busy']);

const signIn = new SignIn(
  () => Date.UTC(2026, 0),
  () => undefined,
);
signIn.take({
  keys: [{ id: 'known', hash: hashOf(newKey('known')), expiresAt: null, ...GRANT }],
  jwt: [
    {
      issuer: 'https://issuer.example',
      audience: 'berth',
      jwks: NEVER_ANSWERS,
      grants: [{ claim: 'sub', equals: 'ci', ...GRANT }],
    },
  ],
  certificates: [{ san: SAN, ...GRANT }],
});

/** No caller signs in by a header that is made up, nor by names of a certificate of which none is known. */
export async function fuzz(data: Buffer): Promise<void> {
  const text = data.toString('latin1');
  for (const header of [text, `Bearer ${text}`]) {
    const found = await signIn.signIn({ authorization: [header], sans: [] });
    if (!UNSIGNED.has(found)) throw new Error(`signed in by the header ${JSON.stringify(header)}`);
  }
  const sans = namesIn(text);
  const found = await signIn.signIn({ authorization: [], sans });
  if (!UNSIGNED.has(found) && !sans.includes(SAN)) throw new Error(`signed in by ${JSON.stringify(text)}`);
}
