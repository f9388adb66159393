import { describe, expect, it } from '@jest/globals';
import { service as healthService } from 'grpc-health-check';
import { adminClientService, externalScalerClientService, routerClientService } from '#contracts';
import { needsOf, OPERATIONS } from './operations.js';

/** Operations that HTTP alone has. */
const HTTP_ALONE = [
  ...['GetOpenApi', 'GetMetrics', 'GetLive', 'GetReady', 'ListRoutes'],
  ...['FleetWebhook', 'AlertmanagerWebhook'],
];

describe('what a gRPC method needs', () => {
  it('is known of each that is served', () => {
    const services = [
      adminClientService(),
      routerClientService(),
      externalScalerClientService(),
      healthService,
    ];
    const paths = services.flatMap((service) => Object.values(service).map(({ path }) => path));
    expect(paths.length).toBeGreaterThan(25);
    expect(paths.filter((path) => needsOf(path) === undefined)).toEqual([]);
  });

  it('is known of no other', () => {
    const others = [
      '/berth.v1.Admin/Nothing',
      '/berth.v1.Admin/toString',
      '/other.Admin/GetModel',
      'toString',
      '',
    ];
    expect(others.filter((path) => needsOf(path) !== undefined)).toEqual([]);
  });

  it('is said of no operation that is gone', () => {
    const methods = [adminClientService(), routerClientService()].flatMap((service) => Object.keys(service));
    expect(Object.keys(OPERATIONS).sort()).toEqual([...methods, ...HTTP_ALONE].sort());
  });
});
