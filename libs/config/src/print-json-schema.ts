import { configJsonSchema } from './json-schema.js';

process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
