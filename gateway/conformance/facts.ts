import { parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { isHostSigned, isUnreal } from '@truegrain/device-sdk/formats/evidence-batch.js';
import { type Grade, gradeAt } from '@truegrain/device-sdk/formats/grade.js';
import {
  MEDIA_BATCH,
  MEDIA_BOOT,
  MEDIA_GAP,
  MEDIA_REGISTRATION,
  MEDIA_SENML_CBOR,
} from '@truegrain/device-sdk/formats/media-types.js';
import { parseRegistration } from '@truegrain/device-sdk/formats/registration.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import type { Sensor } from '@truegrain/device-sdk/formats/sensor.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { ReadLeaf } from './ledger-source.ts';

/** What a log holds beside its law, and where it attests what nobody digitized. */
export interface FactCheck {
  readonly batches: number;
  /** Statements that batches cover. */
  readonly facts: number;
  readonly faults: readonly string[];
  /** Rules that batches name as broken, by `id@version`. */
  readonly rulings: ReadonlySet<string>;
}

/** What a device may put under a grade: readings, and what explains their absence. */
const MEASURED_TYPES: ReadonlySet<string> = new Set([MEDIA_SENML_CBOR, MEDIA_BOOT, MEDIA_GAP]);
/** From here on a grade says that an instrument, not a person, is the origin (SPEC §4.7). */
const ORIGIN_INSTRUMENT = 2;

/** Needs every leaf: a batch is judged with the statements before it and their registrations. */
export function checkFacts(leaves: readonly ReadLeaf[]): FactCheck {
  const check = new Facts();
  for (const { leafIndex, entry } of leaves) {
    const parsed = parseStatement(entry);
    if (parsed.ok) check.take(leafIndex, parsed.value);
  }
  return check;
}

class Facts implements FactCheck {
  batches = 0;
  facts = 0;
  readonly faults: string[] = [];
  readonly rulings = new Set<string>();
  readonly #sensors = new Map<string, readonly Sensor[]>();
  /** Since the last batch, by leaf. */
  #open = new Map<number, Statement>();

  take(leafIndex: number, statement: Statement): void {
    const { payload } = statement;
    if (payload.kind === 'hash') this.#open.set(leafIndex, statement);
    else if (payload.contentType === MEDIA_BATCH) this.#batch(leafIndex, payload.bytes);
    else if (payload.contentType === MEDIA_REGISTRATION) {
      const registration = parseRegistration(payload.bytes);
      if (registration.ok) this.#sensors.set(registration.value.device, registration.value.sensors);
    }
  }

  #batch(leafIndex: number, bytes: Uint8Array): void {
    const batch = parseBatch(bytes);
    const open = this.#open;
    this.#open = new Map();
    if (!batch.ok) return;
    this.batches += 1;
    const { count, grades } = batch.value;
    for (const { rule: id, version } of batch.value.rulings) {
      this.rulings.add(ruleKey({ id, version }));
    }
    for (let i = 0; i < count; i += 1) {
      const at = leafIndex - count + i;
      const grade = gradeAt(grades, i);
      const statement = open.get(at);
      this.facts += 1;
      if (grade === null || grade.origin < ORIGIN_INSTRUMENT) continue;
      const fault =
        statement === undefined
          ? 'there is no statement of a device'
          : this.#faultOf(statement, grade);
      if (fault !== null) this.faults.push(`leaf ${at} is graded origin ${grade.origin}: ${fault}`);
    }
  }

  #faultOf({ iss, payload }: Statement, { origin }: Grade): string | null {
    const type = payload.kind === 'hash' ? payload.preimageType : payload.contentType;
    if (!MEASURED_TYPES.has(type)) return `${type} is no reading of an instrument`;
    const sensors = this.#sensors.get(iss);
    if (sensors === undefined) return `${iss} was never registered, with sensors or without`;
    if (isUnreal(sensors)) return `${iss} simulates or replays its readings`;
    if (origin > ORIGIN_INSTRUMENT && isHostSigned(sensors)) {
      return `${iss} signs for sensors on a bus that anybody can speak on`;
    }
    return null;
  }
}
