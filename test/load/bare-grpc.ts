/** A process that serves Resolve on grpc-js and nothing else: what any server in this language costs. ANSWER_JSON */
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { ROUTER } from './rpc.js';

const answer = JSON.parse(process.argv[2] ?? '') as object;
const server = new Server();
server.addService(ROUTER, {
  resolve: (_: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) => callback(null, answer),
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`127.0.0.1:${port}\n`);
});
process.stdin.resume().once('end', () => process.exit());
