import { readConfig } from '#config';

/** Any text is a configuration, or is refused with the path and the rule of each error. */
export function fuzz(data: Buffer): void {
  const text = data.toString();
  for (const yaml of [text, `auth:\n${text}`, `auth: { keys: [${text}] }`, `tls: ${text}`]) {
    const read = readConfig({ file: { path: 'berth.yaml', text: yaml }, env: {}, flags: { triton: [] } });
    if (read.ok) continue;
    if (read.errors.length === 0) throw new Error(`refused without an error: ${JSON.stringify(yaml)}`);
    for (const { path, rule } of read.errors)
      if (typeof path !== 'string' || rule === '') throw new Error(`an error without a rule: ${path}`);
  }
}
