/** A process that has Envoy send every request to one address, and does nothing else. ADDRESS */
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { EXTERNAL_PROCESSOR, externalProcessorClientService } from '#contracts';

const DESTINATION = 'x-gateway-destination-endpoint';

const address = process.argv[2] ?? '';
const picked = {
  requestHeaders: {
    response: {
      headerMutation: {
        setHeaders: [{ header: { key: DESTINATION, rawValue: Buffer.from(address) }, appendAction: 2 }],
      },
    },
  },
  dynamicMetadata: {
    fields: { 'envoy.lb': { structValue: { fields: { [DESTINATION]: { stringValue: address } } } } },
  },
};

const server = new Server();
server.addService(externalProcessorClientService(), {
  process: (stream: ServerDuplexStream<Readonly<Record<string, unknown>>, object>) => {
    stream.on('data', (message) => {
      if (message['requestHeaders']) stream.write(picked);
      else stream.write(message['responseHeaders'] ? { responseHeaders: {} } : { responseTrailers: {} });
    });
    stream.on('end', () => stream.end());
    stream.on('error', () => undefined);
  },
});
const health = new HealthImplementation({ [EXTERNAL_PROCESSOR]: 'SERVING' });
health.addToServer(server);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`127.0.0.1:${port}\n`);
});
process.stdin.resume().once('end', () => process.exit());
