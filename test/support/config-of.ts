import { type Config, readConfig } from '#config';

/** The configuration that a text of YAML comes to. `named`: the texts of the files that it names, by their paths. Throws where it is refused. */
export function configOf(text: string, named: Readonly<Record<string, string>> = {}): Config {
  const files = new Map(Object.entries(named).map(([path, content]) => [path, { text: content }]));
  const read = readConfig({ file: { path: 'berth.yaml', text }, env: {}, flags: { triton: [] }, files });
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.config;
}
