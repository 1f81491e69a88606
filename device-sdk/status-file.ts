/**
 * What a running device is doing, for `status` and for terminals: JSON, replaced once a second.
 * Meant for tmpfs: not fsynced, because nothing depends on it.
 *
 * @module status-file
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Device } from './device.ts';

const WRITE_MS = 1_000;

export class StatusFile {
  readonly #path: string;
  readonly #device: Device;
  readonly #urn: string;
  #timer: NodeJS.Timeout | null = null;

  constructor(path: string, device: Device, urn: string) {
    this.#path = path;
    this.#device = device;
    this.#urn = urn;
  }

  start(): void {
    this.#write();
    this.#timer = setInterval(() => this.#write(), WRITE_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    rmSync(this.#path, { force: true });
  }

  #write(): void {
    const { rss } = process.memoryUsage();
    const status = {
      device: this.#urn,
      pid: process.pid,
      atMs: Date.now(),
      rss,
      ...this.#device.stats(),
    };
    const temporary = `${this.#path}.tmp`;
    writeFileSync(temporary, `${JSON.stringify(status)}\n`, { mode: 0o600 });
    renameSync(temporary, this.#path);
  }
}

/** Null where no device writes it. */
export function readStatus(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
