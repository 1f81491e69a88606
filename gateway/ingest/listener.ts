// The TCP or TLS port of the embedded broker; what an operator can mend comes back as a code.

/** @module listener */
import net from 'node:net';
import tls from 'node:tls';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { BrokerErrorCode } from './broker.ts';

/** PEM. With `ca`, a peer must show a certificate it signed. */
export interface ListenerTls {
  key: string | Buffer;
  cert: string | Buffer;
  ca?: string | Buffer;
}

export function createListener(
  options: ListenerTls | undefined,
  limits: { connectionsMax: number; connectTimeoutMs: number },
): Result<net.Server, BrokerErrorCode> {
  try {
    const server = options === undefined ? net.createServer() : createTls(options, limits);
    server.maxConnections = limits.connectionsMax;
    return ok(server);
  } catch (error) {
    return fail('tls_invalid', error instanceof Error ? error.message : String(error));
  }
}

export function listen(
  server: net.Server,
  port: number,
  host: string,
): Promise<Result<null, BrokerErrorCode>> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const code = error.code === 'EADDRINUSE' ? 'address_in_use' : 'address_refused';
      resolve(fail<BrokerErrorCode>(code, `${host}:${port}: ${error.message}`));
    };
    server.once('error', onError);
    server.listen({ port, host }, () => {
      server.off('error', onError);
      resolve(ok(null));
    });
  });
}

function createTls(options: ListenerTls, limits: { connectTimeoutMs: number }): tls.Server {
  const { key, cert, ca } = options;
  return tls.createServer({
    key,
    cert,
    minVersion: 'TLSv1.2',
    handshakeTimeout: limits.connectTimeoutMs,
    ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }),
  });
}
