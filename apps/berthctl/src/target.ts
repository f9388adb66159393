import { Usage } from './failures.js';

/** The server to ask, and the credential to ask with. */
export interface Target {
  /** Without a slash at its end. */
  readonly url: string;
  /** Sent to that URL and never shown. */
  readonly token: string | null;
}

export const DEFAULT_URL = 'http://127.0.0.1:7080';

/** What can be sent in a header; anything else would fail half way, with the token in the message. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Reads the flag and the environment. An empty variable counts as not set. */
export function targetOf(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Target {
  const [from, text] = flag === undefined ? ['BERTH_URL', env['BERTH_URL'] || DEFAULT_URL] : ['--url', flag];
  const token = env['BERTH_TOKEN'] || null;
  if (token !== null && !TOKEN.test(token)) {
    throw new Usage('BERTH_TOKEN must be printable ASCII characters without spaces');
  }
  return { url: checked(from, text), token };
}

/** `127.0.0.1:7080` is taken for what it must mean. */
function checked(from: string, text: string): string {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Usage(`${from} must be an address like ${DEFAULT_URL}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new Usage(`${from} must not hold a name or password: BERTH_TOKEN is for that`);
  }
  if (url.search !== '' || url.hash !== '')
    throw new Usage(`${from} must end with its path, before any ? or #`);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
