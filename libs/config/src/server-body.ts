import { isAbsolute } from 'node:path';
import { serverFindings } from './agreement.js';
import { check, findings, refuse, type Checked, type Finding } from './errors.js';
import { serverSpecSchema, type ServerSpec } from './server-spec.js';

/** Checks what a PUT declares for a server. */
export function readServerSpec(body: unknown): Checked<ServerSpec> {
  const checked = check(serverSpecSchema, body);
  const found = [...findings(serverSpecSchema, body), ...serverFindings(body, [])];
  if (!checked.ok) return refuse(found);
  const all = [...found, ...pathFindings(checked.value)];
  return all.length > 0 ? refuse(all) : checked;
}

/** A caller names no file to be sent elsewhere as headers, and has no folder that relative paths could begin in. */
function pathFindings({ headersFile, tls }: ServerSpec): Finding[] {
  const headers =
    headersFile === undefined ? [] : [{ at: ['headersFile'], rule: 'may be set in the file only' }];
  const relative = Object.entries(tls ?? {}).filter(([, path]) => !isAbsolute(path));
  return [...headers, ...relative.map(([key]) => ({ at: ['tls', key], rule: 'must be an absolute path' }))];
}
