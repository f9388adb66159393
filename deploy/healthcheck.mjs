/**
 * Whether the Berth of this container lives: status 0, else 1. It asks over TLS, and in the clear where TLS is off. The
 * certificate is not checked: it need not be for this name, and nothing is told to the other end.
 */
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';

const PATIENCE_MS = 4_000;
const port = /:(\d+)$/.exec(process.env.BERTH_HTTP ?? '')?.[1] ?? 7080;
const where = { host: '127.0.0.1', port, path: '/health/live', rejectUnauthorized: false };

const statuses = await Promise.all([statusOf(overHttps), statusOf(overHttp)]);
process.exit(statuses.includes(200) ? 0 : 1);

/** Null where nothing is answered. */
function statusOf(request) {
  return new Promise((resolve) => {
    const asked = request({ ...where, timeout: PATIENCE_MS }, ({ statusCode }) => resolve(statusCode));
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(null));
    asked.end();
  });
}
