import { readFileSync } from 'node:fs';
import { Usage } from './failures.js';

/** The server to ask, and the credential to ask with. */
export interface Target {
  /** Without a slash at its end. */
  readonly url: string;
  /** A key or a token. Sent to that URL and never shown. */
  readonly token: string | null;
  /** The authorities that the server's certificate may be of, in PEM form; null: those that Node trusts. */
  readonly ca: string | null;
}

/** The options that say which server is asked, as they were given. */
export interface TargetOptions {
  readonly url?: string | undefined;
  readonly ca?: string | undefined;
  readonly keyFile?: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_ADDRESS = '127.0.0.1:7080';
export const DEFAULT_URL = `http://${DEFAULT_ADDRESS}`;

/** What can be sent in a header; anything else would fail half way, with the token in the message. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Reads the options, the environment and the files that they name. An empty variable counts as not set. */
export function targetOf({ url, ca, keyFile }: TargetOptions, env: Env): Target {
  const authorities = authoritiesOf(ca, env);
  const [from, text] =
    url === undefined ? ['BERTH_URL', env['BERTH_URL'] || DEFAULT_ADDRESS] : ['--url', url];
  const scheme = authorities === null ? 'http' : 'https';
  return { url: checked(from, text, scheme), token: credentialOf(keyFile, env), ca: authorities };
}

function authoritiesOf(file: string | undefined, env: Env): string | null {
  const [from, path] = file === undefined ? ['BERTH_CA', env['BERTH_CA']] : ['--ca', file];
  if (!path) return null;
  const text = textOf(from, path);
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new Usage(`${from}: ${path} has no certificate in PEM form`);
}

/** From a file or the environment alone: other users of the machine can see arguments. */
function credentialOf(file: string | undefined, env: Env): string | null {
  const [key, token] = [env['BERTH_KEY'] || undefined, env['BERTH_TOKEN'] || undefined];
  if (file !== undefined) return sendable('--key-file', textOf('--key-file', file).trim());
  if (key !== undefined && token !== undefined)
    throw new Usage('BERTH_KEY and BERTH_TOKEN must not both be set');
  if (key !== undefined) return sendable('BERTH_KEY', key);
  return token === undefined ? null : sendable('BERTH_TOKEN', token);
}

function sendable(from: string, credential: string): string {
  if (TOKEN.test(credential)) return credential;
  throw new Usage(`${from} must have printable ASCII characters without spaces`);
}

function textOf(from: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Usage(`${from}: ${(error as Error).message}`);
  }
}

/** `127.0.0.1:7080` is taken for what it must mean. */
function checked(from: string, text: string, scheme: string): string {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${scheme}://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Usage(`${from} must be an address like ${DEFAULT_URL}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new Usage(`${from} must not hold a name or password: --key-file and BERTH_KEY are for that`);
  }
  if (url.search !== '' || url.hash !== '')
    throw new Usage(`${from} must end with its path, before any ? or #`);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
