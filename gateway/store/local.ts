import type { Db, Query } from './database.ts';

/** What ingest/credentials.ts issues and checks. */
export interface CredentialRow {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

export interface StoredEnrolment {
  device: string;
  /** The registration's fields that the administrator fixed, as JSON. */
  spec: string;
  expiresMs: number;
  usedMs: number | null;
}

/** Enrolments kept after their end, so that a late device is told apart from a stranger in the logs. */
const ENROLMENT_KEPT_MS = 30 * 86_400_000;

/** What this gateway alone knows and no other member: open enrolments and MQTT credentials. */
export class LocalStore {
  readonly #db: Db;
  readonly #putEnrolment: Query;
  readonly #enrolment: Query;
  readonly #useEnrolment: Query;
  readonly #dropEnrolments: Query;
  readonly #putCredential: Query;
  readonly #credential: Query;
  readonly #dropCredential: Query;
  readonly #credentialDevices: Query;

  constructor(db: Db) {
    this.#db = db;
    this.#putEnrolment = db.prepare('INSERT INTO enrolment VALUES (?, ?, ?, ?, NULL)');
    this.#enrolment = db.prepare(
      `SELECT device, spec, expires_ms AS expiresMs, used_ms AS usedMs FROM enrolment
       WHERE token_hash = ?`,
    );
    this.#useEnrolment = db.prepare(
      'UPDATE enrolment SET used_ms = coalesce(used_ms, ?) WHERE token_hash = ?',
    );
    this.#dropEnrolments = db.prepare('DELETE FROM enrolment WHERE expires_ms < ?');
    this.#putCredential = db.prepare('INSERT OR REPLACE INTO credential VALUES (?, ?, ?)');
    this.#credential = db.prepare('SELECT salt, hash FROM credential WHERE device = ?');
    this.#dropCredential = db.prepare('DELETE FROM credential WHERE device = ?');
    this.#credentialDevices = db.prepare('SELECT device FROM credential').pluck();
  }

  putEnrolment(
    tokenHash: Uint8Array,
    enrolment: { device: string; spec: string; expiresMs: number; nowMs: number },
  ): void {
    const { device, spec, expiresMs, nowMs } = enrolment;
    this.#dropEnrolments.run(nowMs - ENROLMENT_KEPT_MS);
    this.#putEnrolment.run(tokenHash, device, spec, expiresMs);
  }

  enrolment(tokenHash: Uint8Array): StoredEnrolment | null {
    return (this.#enrolment.get(tokenHash) as StoredEnrolment | undefined) ?? null;
  }

  /** One COMMIT: the token is spent and the device has its credential, or neither. */
  redeem(
    tokenHash: Uint8Array,
    redeemed: { device: string; credential: CredentialRow; usedMs: number },
  ): void {
    const { device, credential, usedMs } = redeemed;
    this.#db.transaction(() => {
      this.#useEnrolment.run(usedMs, tokenHash);
      this.#putCredential.run(device, credential.salt, credential.hash);
    })();
  }

  find(device: string): CredentialRow | null {
    return (this.#credential.get(device) as CredentialRow | undefined) ?? null;
  }

  dropCredential(device: string): void {
    this.#dropCredential.run(device);
  }

  credentialDevices(): string[] {
    return this.#credentialDevices.all() as string[];
  }
}
