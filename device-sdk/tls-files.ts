/** @module tls-files */
import { readFileSync } from 'node:fs';
import type { DeviceConfig } from './config.ts';
import type { LinkTls } from './uplink/link.ts';

/** Read once at start: a renewed certificate takes effect with a restart. */
export function readTls({ caFile, certFile, keyFile }: DeviceConfig['gateway']): LinkTls {
  return {
    ...(caFile === null ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === null ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === null ? {} : { key: readFileSync(keyFile) }),
  };
}
