import { readFileSync } from 'node:fs';
import { toBase64Url } from '@truegrain/device-sdk/formats/bytes.js';
import type { Command } from 'commander';
import {
  type PersonOptions,
  personOf,
  type SayOptions,
  sayLaw,
  withPerson,
  withSaying,
} from './law-said.ts';
import { digestOption } from './order.ts';
import { type Cli, CliError, EXIT } from './terminal.ts';

/** What grades and conditions rest on: documents, certificates, tags and seals; and what is only said. */
export function addLawEvidence(program: Command, cli: Cli): void {
  addCredential(program, cli);
  addCalibration(program, cli);
  addTag(program, cli);
  addSeal(program, cli);
  addClaim(program, cli);
}

interface CredentialOptions extends SayOptions {
  issuedBy: string;
  number: string;
  document: string;
  until?: string;
}

function addCredential(program: Command, cli: Cli): void {
  withSaying(program.command('credential'))
    .description('state that an organisation showed evidence for a condition of the charter')
    .argument('<iss>', 'URI of the member or applicant')
    .argument('<condition>', 'id of the condition')
    .requiredOption('--issued-by <text>', 'who issued the document')
    .requiredOption('--number <text>', 'its number')
    .requiredOption('--document <sha256>', 'SHA-256 of the document')
    .option('--until <date>', 'it proves nothing after this day')
    .action((about: string, condition: string, options: CredentialOptions) => {
      const { issuedBy, number } = options;
      const document = digestOption('--document', options.document);
      const validUntilMs = dateMs('--until', options.until);
      return sayLaw(
        '/v1/law/credentials',
        { about, condition, issuedBy, number, document, validUntilMs },
        {
          options,
          lines: [`You saw document ${number} of ${issuedBy}: ${about} meets ${condition}.`],
          cli,
        },
      );
    });
}

function addCalibration(program: Command, cli: Cli): void {
  withSaying(program.command('calibrate'))
    .description('show a calibration certificate (PTB DCC, XML) for a sensor of an own device')
    .argument('<device>', 'device URN')
    .argument('<sensor>', 'name of the sensor')
    .argument('<certificate>', 'the file')
    .option('--due <date>', 'where the certificate gives no date')
    .action(
      (device: string, sensor: string, file: string, options: SayOptions & { due?: string }) =>
        sayLaw(
          '/v1/law/calibrations',
          {
            device,
            sensor,
            certificate: toBase64Url(bytesOf(file)),
            dueMs: dateMs('--due', options.due),
          },
          { options, lines: [`${file} is the certificate of sensor ${sensor} of ${device}.`], cli },
        ),
    );
}

function addTag(program: Command, cli: Cli): void {
  withSaying(program.command('tap'))
    .description('record that a tag on a thing proved itself (NTAG 424 DNA SUN)')
    .argument('<subject>', 'what readings are about')
    .argument('<message>', 'the URL that the tag gave')
    .requiredOption('--place <text>', 'where it was read')
    .action((subject: string, message: string, options: SayOptions & { place: string }) =>
      sayLaw(
        '/v1/law/taps',
        { subject, message, place: options.place },
        {
          options,
          lines: [`The tag on ${subject} was read at ${options.place}.`],
          cli,
        },
      ),
    );
}

interface SealOptions extends SayOptions {
  class: string;
  photo?: string;
}

function addSeal(program: Command, cli: Cli): void {
  const seal = program.command('seal').description('the number of a seal, at both its ends');
  for (const at of ['closing', 'opening'] as const) {
    withSaying(seal.command(at))
      .description(`record the number at its ${at}`)
      .argument('<subject>', 'what readings are about')
      .argument('<number>', 'as it stands on the seal')
      .option('--class <letter>', 'ISO 17712: I, S or H', 'H')
      .option('--photo <sha256>', 'SHA-256 of a photograph')
      .action((subject: string, number: string, options: SealOptions) => {
        const photo = digestOption('--photo', options.photo);
        const body = { subject, number, sealClass: options.class, at, photo };
        const lines = [`Seal ${number} (class ${options.class}) of ${subject}, at its ${at}.`];
        return sayLaw('/v1/law/seals', body, { options, lines, cli });
      });
  }
}

interface ClaimOptions extends SayOptions, PersonOptions {
  text: string;
  document?: string;
  attest?: boolean;
}

function addClaim(program: Command, cli: Cli): void {
  withPerson(withSaying(program.command('claim')), 'who says it')
    .description('record what somebody says of a thing, under the speaker’s name')
    .argument('<subject>', 'what it is about')
    .requiredOption('--text <text>', 'what is said')
    .option('--document <sha256>', 'SHA-256 of a document')
    .option('--attest', 'ask the ledger to attest it, and read why it does not')
    .action((subject: string, options: ClaimOptions) => {
      const speaker = personOf(options);
      const document = digestOption('--document', options.document);
      const { text, attest = false } = options;
      const lines = [
        `${speaker.name}, ${speaker.organisation}, says of ${subject}: ${text}`,
        'It stands beside the measured facts, gets no grade, and is in no share of them.',
      ];
      const body = { subject, text, speaker, document, attest };
      return sayLaw('/v1/law/claims', body, { options, lines, cli });
    });
}

function bytesOf(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw unreadable(file, cause as Error);
  }
}

function unreadable(file: string, cause: Error): CliError {
  return new CliError(EXIT.usage, `${file} can't be read`, { cause });
}

function dateMs(flag: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const timeMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T23:59:59.999Z`) : Number.NaN;
  if (Number.isFinite(timeMs)) return timeMs;
  throw new CliError(EXIT.usage, `${flag} ${text} is no day: YYYY-MM-DD`);
}
