/** A process that answers Resolve on Fastify with a response schema, and does nothing else. ANSWER_JSON */
import { fastify } from 'fastify';

const text = { type: 'string' };
const number = { type: 'integer' };
const flag = { type: 'boolean' };
const record = { type: 'object', additionalProperties: text };

const object = (properties: object) => ({ type: 'object', required: Object.keys(properties), properties });

const route = object({
  ...{ model: text, version: text, devices: { type: 'array', items: number } },
  server: object({ id: text, grpc: text, http: { type: ['string', 'null'] }, labels: record }),
  routeVersion: object({ term: text, sequence: text }),
  ...{ leaseMs: number, cold: flag, waitedMs: number, stale: flag },
});

const answer = JSON.parse(process.argv[2] ?? '') as object;
const app = fastify();
app.post('/v1/models/:model/resolve', { schema: { response: { 200: route } } }, (_, reply) => {
  void reply.send(answer);
});
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`);
process.stdin.resume().once('end', () => process.exit());
