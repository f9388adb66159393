import { z } from 'zod';
import { configFileSchema, defaultsByPath } from './config-schema.js';

/** The JSON Schema of the configuration file, for editors and for the documents. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(configFileSchema, { io: 'input' }) as SchemaNode;
  for (const { path, node } of keysOf(schema)) {
    if (Object.hasOwn(DEFAULTS, path)) node['default'] = DEFAULTS[path];
  }
  return { ...schema, title: 'Configuration of Berth' };
}

/** The formatter breaks what is longer. */
const LINE = 110;

/** The text of `docs/config.schema.json`, laid out as the formatter of this repository wants it. */
export function configJsonSchemaText(): string {
  const spread = JSON.stringify(configJsonSchema(), null, 2);
  return `${spread.replaceAll(/\[\n[^[\]{}]*\]/g, inOneLine)}\n`;
}

/** Each key of the schema with its path as the documents write it: `servers[].devices[].ordinal`, `models.*.pin`. */
export function keysOf(
  schema: SchemaNode,
  under = '',
): { readonly path: string; readonly node: SchemaNode }[] {
  return variants(schema).flatMap((variant) => {
    const own = Object.entries(variant.properties ?? {}).flatMap(([key, node]) => {
      const path = under === '' ? key : `${under}.${key}`;
      return [{ path, node }, ...keysOf(node, path)];
    });
    const items = variant.items === undefined ? [] : keysOf(variant.items, `${under}[]`);
    const named =
      typeof variant.additionalProperties === 'object'
        ? keysOf(variant.additionalProperties, `${under}.*`)
        : [];
    return [...own, ...items, ...named];
  });
}

/** As much of JSON Schema as is used here. */
export type SchemaNode = Record<string, unknown> & {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
};

const DEFAULTS = defaultsByPath();

function variants(node: SchemaNode): readonly SchemaNode[] {
  return node.anyOf ?? [node];
}

/** A list that would be longer than a line stays spread. */
function inOneLine(list: string, at: number, whole: string): string {
  const line = list.replaceAll(/\n\s*/g, ' ').replace('[ ', '[').replace(' ]', ']');
  const before = at - (whole.lastIndexOf('\n', at) + 1);
  return before + line.length < LINE ? line : list;
}
