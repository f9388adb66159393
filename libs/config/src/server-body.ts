import { serverFindings } from './agreement.js';
import { check, findings, refuse, type Checked, type Finding } from './errors.js';
import { fileNamesIn } from './server-files.js';
import { serverSpecSchema, type ServerSpec } from './server-spec.js';

/** Checks what a PUT declares for a server. */
export function readServerSpec(body: unknown): Checked<ServerSpec> {
  const checked = check(serverSpecSchema, body);
  const found = [...findings(serverSpecSchema, body), ...serverFindings(body, [])];
  if (!checked.ok) return refuse(found);
  const all = [...found, ...fileFindings(checked.value)];
  return all.length > 0 ? refuse(all) : checked;
}

/** A caller names no file of this machine: neither to have it read, nor to have it sent elsewhere. */
const fileFindings = (spec: ServerSpec): Finding[] =>
  fileNamesIn(spec).map(({ at }) => ({ at, rule: 'may be set in the file only' }));
