import { ServerCredentials } from '@grpc/grpc-js';
import { type Certificates, HANDSHAKE_MS } from './certificates.js';

/**
 * Serves gRPC with certificates that change. The credentials of grpc-js that take a provider of certificates tell the server
 * nothing but these, so that from the first change on all suites of Node would be served, CBC among them.
 */
export class GrpcCredentials extends ServerCredentials {
  constructor(certificates: Certificates) {
    const { asksClients: requestCert, served } = certificates;
    super({ requestCert, rejectUnauthorized: false, handshakeTimeout: HANDSHAKE_MS }, served);
    certificates.follow((next) => this.updateSecureContextOptions(next));
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}
