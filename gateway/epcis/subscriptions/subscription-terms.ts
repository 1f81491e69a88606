import { isIP } from 'node:net';
import type { EpcisRefused, SubscriptionTime } from '../../http/epcis-backend.ts';
import type { EpcFormat } from '../gs1/epc-translation.ts';
import { isJsonObject } from '../json.ts';
import { nextTimeMs, readSchedule } from './schedule.ts';
import { isPrivateAddress } from './webhook.ts';

/** What a subscriber asked for, as it is kept. */
export interface SubscriptionTerms {
  readonly dest: string;
  /** Key of the signature over what is delivered; null: unsigned. */
  readonly signatureToken: string | null;
  readonly time: SubscriptionTime;
  readonly reportIfEmpty: boolean;
  readonly initialRecordMs: number | null;
  readonly format: EpcFormat;
}

/** Terms without an address: those of an open connection. */
export type FollowTerms = Pick<SubscriptionTerms, 'time' | 'reportIfEmpty' | 'initialRecordMs'>;

type Read<T> = { readonly ok: true; readonly value: T } | EpcisRefused;

const NAMES = [
  'dest',
  'signatureToken',
  'stream',
  'schedule',
  'reportIfEmpty',
  'initialRecordTime',
];
const TOKEN_CHARS_MAX = 1_024;
const DEST_CHARS_MAX = 2_048;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

export function readTerms(
  json: unknown,
  { format, privateDests }: { format: EpcFormat; privateDests: boolean },
): Read<SubscriptionTerms> {
  if (!isJsonObject(json))
    return refused('The body is an object with dest, and stream or schedule.');
  const unknown = Object.keys(json).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) return refused(`${unknown.slice(0, 64)} is not known here.`);
  const { dest, signatureToken = null } = json;
  const fault = destFault(dest, privateDests);
  if (fault !== null || typeof dest !== 'string') return refused(fault ?? 'dest is missing.');
  if (signatureToken !== null && !isToken(signatureToken)) {
    return refused(`signatureToken is a text of at most ${TOKEN_CHARS_MAX} characters.`);
  }
  const follow = readFollowTerms(json);
  if (!follow.ok) return follow;
  return { ok: true, value: { ...follow.value, dest, signatureToken, format } };
}

export function readFollowTerms(json: unknown): Read<FollowTerms> {
  const terms = isJsonObject(json) ? json : {};
  const { stream, schedule, reportIfEmpty = false, initialRecordTime } = terms;
  if ((stream === undefined) === (schedule === undefined)) {
    return refused('A subscription has stream: true, or a schedule, and not both.');
  }
  if (stream !== undefined && stream !== true) return refused('stream is true or absent.');
  if (typeof reportIfEmpty !== 'boolean') return refused('reportIfEmpty is true or false.');
  if (initialRecordTime !== undefined && !isTime(initialRecordTime)) {
    return refused('initialRecordTime is a time with its zone.');
  }
  const time = schedule === undefined ? { stream: true as const } : timeOf(schedule);
  if (time === null) return refused('schedule names no time (query-schedule.json of EPCIS 2.0).');
  const initialRecordMs = isTime(initialRecordTime) ? Date.parse(initialRecordTime) : null;
  return { ok: true, value: { time, reportIfEmpty, initialRecordMs } };
}

function timeOf(fields: unknown): SubscriptionTime | null {
  const schedule = isJsonObject(fields) ? readSchedule(fields) : null;
  if (schedule === null || nextTimeMs(schedule, 0) === null) return null;
  return { schedule: fields as Record<string, string> };
}

/** Said at once where the address is plain; a name is looked up at every delivery (webhook.ts). */
function destFault(dest: unknown, privateDests: boolean): string | null {
  if (typeof dest !== 'string' || dest.length > DEST_CHARS_MAX || !URL.canParse(dest)) {
    return 'dest is the URL that events are posted to.';
  }
  const { protocol, username, password, hostname } = new URL(dest);
  if (protocol !== 'https:' && protocol !== 'http:') return 'dest is an http or https URL.';
  if (username !== '' || password !== '') return 'dest carries no password; see signatureToken.';
  const address = hostname.replace(/^\[|\]$/g, '');
  if (!privateDests && isIP(address) !== 0 && isPrivateAddress(address)) {
    return 'dest is an address of a private network.';
  }
  return null;
}

const isToken = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= TOKEN_CHARS_MAX;

const isTime = (value: unknown): value is string =>
  typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value));

function refused(detail: string): EpcisRefused {
  return { ok: false, code: 'epcis_subscription_controls', detail, breaches: [] };
}
