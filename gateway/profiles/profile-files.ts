// SPEC.md §10.4: industry profiles as data: one JSON file each, here or wherever its author keeps it.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CborMap, type CborValue, encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { openFields } from '@truegrain/device-sdk/formats/fields.js';
import { type Profile, readProfile } from '@truegrain/device-sdk/formats/profile.js';
import { type Responsible, responsibleMap } from '@truegrain/device-sdk/formats/responsible.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { RULE_ID } from '@truegrain/device-sdk/formats/rule.js';
import { cborOf } from './json-cbor.ts';

export type ProfileFault =
  | 'profile_unknown'
  | 'profile_unreadable'
  | 'profile_not_json'
  | 'profile_too_large'
  /** A file called after another profile than the one in it. */
  | 'profile_name';

/** Larger than any proposal that could carry it. */
export const PROFILE_FILE_BYTES_MAX = 262_144;
const SUFFIX = '.json';

/** The folder of the package, from source as from `dist`, into which no JSON is built. */
export const PROFILES_FOLDER = profilesFolder(dirname(fileURLToPath(import.meta.url)));

export function profilesFolder(here: string): string {
  const gateway = dirname(here);
  return join(basename(gateway) === 'dist' ? dirname(gateway) : gateway, 'profiles');
}

/** Ids of the profiles that are there, in order: a file more is a profile more. */
export function profileNames(folder: string = PROFILES_FOLDER): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => basename(file, SUFFIX))
    .filter((name) => RULE_ID.test(name))
    .sort();
}

/** The JSON of a profile that comes with this program, by its id, or of a file. */
export function profileNamed(
  which: string,
  folder: string = PROFILES_FOLDER,
): Result<unknown, ProfileFault> {
  if (!RULE_ID.test(which)) return readFile(which);
  const known = join(folder, `${which}${SUFFIX}`);
  if (existsSync(known)) return namedAs(which, readFile(known));
  if (existsSync(which)) return readFile(which);
  return fail('profile_unknown', `there is ${profileNames(folder).join(', ')}, and no such file`);
}

/** Whoever asks for a profile by its name gets no other. */
function namedAs(id: string, file: Result<unknown, ProfileFault>): Result<unknown, ProfileFault> {
  if (!file.ok || idOf(file.value) === id) return file;
  return fail('profile_name', `the file ${id}${SUFFIX} has the profile ${idOf(file.value)}`);
}

function idOf(json: unknown): string {
  const isObject = typeof json === 'object' && json !== null && 'id' in json;
  return isObject ? String(json.id).slice(0, 64) : 'without an id';
}

function readFile(path: string): Result<unknown, ProfileFault> {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > PROFILE_FILE_BYTES_MAX) {
      return fail('profile_too_large', `${size} bytes; ${PROFILE_FILE_BYTES_MAX} are the most`);
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return fail('profile_unreadable', `${path} can't be read (${code})`);
  }
  try {
    return ok(JSON.parse(text));
  } catch (error) {
    return fail('profile_not_json', (error as Error).message);
  }
}

/**
 * A file's profile with the person who answers for its rules: in the form in which it will be
 * signed, so that what its form breaks is found here. The file names nobody: its author does not
 * answer for what others adopt.
 */
export function profileFrom(json: unknown, responsible: Responsible): Result<Profile> {
  const value = cborOf(json);
  if (!value.ok) return value;
  const profile = value.value;
  if (!(profile instanceof Map)) return fail('field_type', 'profile is not a map');
  for (const [i, rule] of mapsIn(profile.get('rules')).entries()) {
    if (rule.has('responsible')) {
      return fail('field_unknown', `profile.rules[${i}].responsible: named when it is adopted`);
    }
    rule.set('responsible', responsibleMap(responsible));
    for (const example of mapsIn(rule.get('examples'))) {
      const readings = example.get('readings');
      if (Array.isArray(readings)) example.set('readings', readings.map(readingArray));
    }
  }
  const opened = openFields(encodeCbor(profile), 'profile');
  return opened.ok ? opened.value.finish(readProfile(opened.value)) : opened;
}

function mapsIn(list: CborValue | undefined): CborMap[] {
  return Array.isArray(list) ? list.filter((item) => item instanceof Map) : [];
}

const READING = ['sensor', 'quantity', 'unit', 'atS', 'value'] as const;

/** As rule.ts signs it; with a field missing or too many it stays a map, which its reader refuses. */
function readingArray(reading: CborValue): CborValue {
  if (!(reading instanceof Map) || reading.size !== READING.length) return reading;
  const values = READING.flatMap((key) => reading.get(key) ?? []);
  return values.length === READING.length ? values : reading;
}
