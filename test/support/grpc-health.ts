import { type Client, credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import type { World } from './running-scheduler.js';

/** What `grpc.health.v1` says of a service; of all together where the name is empty. */
export function healthOf({ scheduler }: Pick<World, 'scheduler'>, service: string): Promise<unknown> {
  const packages = loadPackageDefinition({ 'grpc.health.v1.Health': healthService }) as never as {
    grpc: {
      health: {
        v1: { Health: new (...args: unknown[]) => Client & Record<string, (...args: unknown[]) => void> };
      };
    };
  };
  const client = new packages.grpc.health.v1.Health(scheduler.grpc, credentials.createInsecure());
  return new Promise((resolve, reject) => {
    client['check']!({ service }, (error: Error | null, reply: { status: string }) => {
      client.close();
      if (error) reject(error);
      else resolve(reply.status);
    });
  });
}
