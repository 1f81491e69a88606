import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { openFields } from '@truegrain/device-sdk/formats/fields.js';
import { type Profile, profileMap, readProfile } from '@truegrain/device-sdk/formats/profile.js';
import type { Responsible } from '@truegrain/device-sdk/formats/responsible.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';

/** A profile as it lies in a file: nobody answers for its rules before somebody adopts it. */
export interface ProfileFile extends Omit<Profile, 'rules'> {
  readonly rules: readonly Omit<Rule, 'responsible'>[];
}

export type ProfileFault =
  /** No such file, or no JSON in it. */
  | 'profile_file'
  /** A field is missing, or of a type that can't be written down. */
  | 'profile_form'
  | Exclude<ReturnType<typeof formOf>, { ok: true }>['code'];

/** Beside the sources: a build copies no data. */
const FOLDER = join(packageRoot(), 'profiles');

function packageRoot(): string {
  const here = dirname(dirname(fileURLToPath(import.meta.url)));
  return here.endsWith('dist') ? dirname(here) : here;
}

/** Ids of the profiles that come with this program: one data file each, found by its name. */
export function profileNames(folder = FOLDER): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/** By id, or by the path of a file of one's own. */
export function profileNamed(which: string, folder = FOLDER): Result<ProfileFile, ProfileFault> {
  const isOwn = which.endsWith('.json');
  if (!isOwn && !profileNames(folder).includes(which)) {
    return fail('profile_file', `there is no profile ${which}: ${profileNames(folder).join(', ')}`);
  }
  const file = isOwn ? which : join(folder, `${which}.json`);
  try {
    return ok(JSON.parse(readFileSync(file, 'utf8')) as ProfileFile);
  } catch (error) {
    return fail('profile_file', (error as Error).message);
  }
}

/** The profile as it is proposed, each of its rules with the person who will answer for it. */
export function profileFrom(
  file: ProfileFile,
  responsible: Responsible,
): Result<Profile, ProfileFault> {
  try {
    const rules = file.rules.map((rule) => ({ ...rule, responsible }));
    return formOf({ ...file, rules });
  } catch (error) {
    return fail('profile_form', (error as Error).message);
  }
}

/** Written down and read again: the form that members sign, or what breaks it. */
function formOf(profile: Profile): Result<Profile> {
  const opened = openFields(encodeCbor(profileMap(profile)), 'profile');
  if (!opened.ok) return opened;
  const read = readProfile(opened.value);
  return opened.value.finish(read);
}
