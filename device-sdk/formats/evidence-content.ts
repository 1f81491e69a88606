// The content of a statement, where an evidence file discloses it: digest, form, and what it must match.

/** @module evidence-content */
import { parseBoot } from './boot.ts';
import { equal, toHex } from './bytes.ts';
import { parseCapturedEvent } from './captured-event.ts';
import type { ContentReport, Findings } from './evidence-report.ts';
import { parseGap } from './gap.ts';
import { MEDIA_BOOT, MEDIA_EPCIS_EVENT, MEDIA_GAP, MEDIA_SENML_CBOR } from './media-types.ts';
import { baseNameOf, type Pack, type PackValue, parsePack } from './pack.ts';
import { checkPack, sensorTable } from './pack-check.ts';
import type { Sensor } from './sensor.ts';
import { sha256 } from './sha256.ts';
import type { Statement } from './statement.ts';

const SEALED: ContentReport = {
  disclosed: false,
  relative: false,
  readings: [],
  record: null,
  event: null,
};

/** True where nothing is disclosed: there is nothing to differ. */
export function judgeDigest(
  findings: Findings,
  content: Uint8Array | null,
  { payload }: Statement,
): boolean {
  if (content === null) return true;
  const same = payload.kind === 'hash' && equal(sha256(content), payload.digest);
  return findings.check(
    'content-digest',
    same,
    'The content in the file is the one that was signed',
  );
}

/** What a content that has the right digest says, and whether it may say so. */
export function judgeContent(
  findings: Findings,
  given: { content: Uint8Array | null; statement: Statement; sensors: readonly Sensor[] },
): ContentReport {
  const { content, statement, sensors } = given;
  const { payload } = statement;
  if (content === null || payload.kind !== 'hash') return SEALED;
  const disclosed = { ...SEALED, disclosed: true };
  if (payload.preimageType === MEDIA_SENML_CBOR) {
    const parsed = parsePack(content);
    const why = parsed.ok ? '' : `${parsed.code}: ${parsed.detail}`;
    findings.check('content-form', parsed.ok, 'The content is a well-formed pack of readings', why);
    return parsed.ok ? judgePack(findings, { pack: parsed.value, statement, sensors }) : disclosed;
  }
  if (payload.preimageType === MEDIA_EPCIS_EVENT) {
    const parsed = parseCapturedEvent(content);
    const form = 'The content is a well-formed captured event';
    findings.check('content-form', parsed.ok, form, parsed.ok ? '' : parsed.code);
    const isFromCaptureKey = sensors.some((sensor) => sensor.interface === 'capture');
    const allowed = 'The key that signed is registered to capture events';
    findings.check('content-claims', isFromCaptureKey, allowed);
    return parsed.ok ? { ...disclosed, event: parsed.value.json } : disclosed;
  }
  if (payload.preimageType !== MEDIA_BOOT && payload.preimageType !== MEDIA_GAP) return disclosed;
  const isBoot = payload.preimageType === MEDIA_BOOT;
  const parsed = isBoot ? parseBoot(content) : parseGap(content);
  const form = `The content is a well-formed ${isBoot ? 'boot' : 'gap'} record`;
  findings.check('content-form', parsed.ok, form, parsed.ok ? '' : parsed.code);
  return parsed.ok ? { ...disclosed, record: plainRecord(parsed.value) } : disclosed;
}

function judgePack(
  findings: Findings,
  { pack, statement, sensors }: { pack: Pack; statement: Statement; sensors: readonly Sensor[] },
): ContentReport {
  const { device: claims, iss } = statement;
  const fits =
    claims !== null &&
    claims.count === pack.records.length &&
    claims.firstMs === pack.firstMs &&
    claims.lastMs === pack.lastMs &&
    pack.baseName === baseNameOf(iss);
  const text = 'Number, times and device of the readings are those in the statement';
  findings.check('content-claims', fits, text);
  const code = checkPack(pack, sensorTable(sensors));
  const limits = 'Each reading has the unit and lies in the range its sensor is registered with';
  findings.check('content-limits', code === null, limits, code ?? '');
  const readings = pack.records.map(({ name, kind, unit, value, timeMs }) => {
    return { name, kind, unit, value: plainValue(value), timeMs };
  });
  return { ...SEALED, disclosed: true, relative: pack.relative, readings };
}

function plainValue(value: PackValue): number | string | boolean {
  return value instanceof Uint8Array ? toHex(value) : value;
}

function plainRecord(record: object): Record<string, number | string | null> {
  const plain: Record<string, number | string | null> = {};
  for (const [name, value] of Object.entries(record)) {
    plain[name] = value instanceof Uint8Array ? toHex(value) : value;
  }
  return plain;
}
