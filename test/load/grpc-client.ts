/** A process that sends unary calls, where there is no h2load: ADDRESS PATH MESSAGE_BASE64 CALLS AT_ONCE METADATA_JSON. */
import { Client, credentials, Metadata } from '@grpc/grpc-js';

const [address = '', path = '', text = '', calls = '0', atOnce = '1', json = '{}'] = process.argv.slice(2);
const message = Buffer.from(text, 'base64');
const client = new Client(address, credentials.createInsecure());
const same = (bytes: Buffer): Buffer => bytes;
const metadata = new Metadata();
for (const [name, value] of Object.entries(JSON.parse(json) as object)) metadata.set(name, String(value));
let left = Number(calls);

await Promise.all(Array.from({ length: Number(atOnce) }, sendOnAndOn));
client.close();

async function sendOnAndOn(): Promise<void> {
  while (left-- > 0) {
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(path, same, same, message, metadata, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }
}
