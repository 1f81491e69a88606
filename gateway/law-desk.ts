import { encodeAppeal } from '@truegrain/device-sdk/formats/appeal.js';
import { encodeClaim } from '@truegrain/device-sdk/formats/claim.js';
import { encodeCredential } from '@truegrain/device-sdk/formats/credential.js';
import { encodeFiling } from '@truegrain/device-sdk/formats/filing.js';
import { encodeInspection } from '@truegrain/device-sdk/formats/inspection.js';
import {
  MEDIA_APPEAL,
  MEDIA_CLAIM,
  MEDIA_CREDENTIAL,
  MEDIA_FILING,
  MEDIA_INSPECTION,
  MEDIA_ORDER,
  MEDIA_PROFILE_BINDING,
  MEDIA_SEAL,
} from '@truegrain/device-sdk/formats/media-types.js';
import { encodeOrder } from '@truegrain/device-sdk/formats/order.js';
import { encodeProfileBinding } from '@truegrain/device-sdk/formats/profile-binding.js';
import { encodeSeal } from '@truegrain/device-sdk/formats/seal.js';
import { overdueReports } from './examination/differences.ts';
import { logTimeAt } from './examination/log-time.ts';
import type { Said } from './http/alliance-backend.ts';
import type { Outcome } from './http/backend.ts';
import type { LawBackend, LawRegistry, LawSaying, LawView } from './http/law-backend.ts';
import { lawRegistry, lawView } from './law-view.ts';
import type { MemberVoice, Utterance } from './member-voice.ts';
import { metrologyFit } from './metrology-fit.ts';
import { breachPage, disagreements } from './reads/breaches.ts';
import type { ReadContext } from './reads/read-context.ts';
import { subjectRecord } from './reads/subject-record.ts';

export interface LawDeskOptions {
  voice: MemberVoice;
  reads: ReadContext;
  calibrate: LawBackend['calibrate'];
  tap: LawBackend['tap'];
  examine: LawBackend['examine'];
}

/** One member before the law: what holds, who broke it, and what this member has to say about it. */
export class LawDesk implements LawBackend {
  readonly #options: LawDeskOptions;
  readonly calibrate: LawBackend['calibrate'];
  readonly tap: LawBackend['tap'];
  readonly examine: LawBackend['examine'];

  constructor(options: LawDeskOptions) {
    this.#options = options;
    this.calibrate = options.calibrate;
    this.tap = options.tap;
    this.examine = options.examine;
  }

  view(): LawView | null {
    const { voice, reads } = this.#options;
    const { membership, size, logTimeMs } = voice.state;
    if (!membership) return null;
    const timeOf = (leafIndex: number) => logTimeAt(reads, leafIndex);
    return lawView(membership.law, size, overdueReports(membership, { logTimeMs, timeOf }));
  }

  registry(): LawRegistry {
    const { membership } = this.#options.voice.state;
    if (!membership) throw new Error('no charter');
    return lawRegistry(membership.law);
  }

  breaches(fromLeaf: number, limit: number) {
    return breachPage(this.#options.reads, fromLeaf, limit);
  }

  disagreements() {
    return disagreements(this.#options.reads);
  }

  subject(subject: string) {
    return subjectRecord(this.#options.reads, subject);
  }

  async say(saying: LawSaying): Promise<Outcome<Said>> {
    const { voice } = this.#options;
    if (saying.kind !== 'bindings') return said(voice, utteranceOf(saying));
    const { devices, membership, logTimeMs } = voice.state;
    const { device, profile: id } = saying.body;
    const record = devices.get(device);
    const profile = membership?.law.profiles.get(id)?.profile;
    // What is not there, the fold refuses by its own name.
    if (!record || !profile) return said(voice, utteranceOf(saying));
    const fit = metrologyFit(record, { profile, law: membership.law, logTimeMs });
    if (fit.refusal) return fit.refusal;
    const bound = await said(voice, utteranceOf(saying));
    if (!bound.ok) return bound;
    return {
      ok: true,
      value: { ...bound.value, lines: [...bound.value.lines, ...fit.shortfalls] },
    };
  }
}

export async function said(voice: MemberVoice, utterance: Utterance): Promise<Outcome<Said>> {
  const spoken = await voice.say(utterance);
  if (!spoken.ok) return spoken;
  const { leafIndex, id } = spoken.value;
  return { ok: true, value: { leafIndex, id, lines: [`leaf ${leafIndex}`] } };
}

/** What stands in the log under the name of a thing bears that name as its subject. */
function utteranceOf(saying: LawSaying): Utterance {
  const { kind, body } = saying;
  switch (kind) {
    case 'orders':
      return {
        contentType: MEDIA_ORDER,
        encode: (logTimeMs) => encodeOrder({ ...body, logTimeMs }),
      };
    case 'appeals':
      return {
        contentType: MEDIA_APPEAL,
        encode: (logTimeMs) => encodeAppeal({ ...body, logTimeMs }),
      };
    case 'credentials':
      return {
        contentType: MEDIA_CREDENTIAL,
        encode: (logTimeMs) => encodeCredential({ ...body, logTimeMs }),
      };
    case 'filings':
      return {
        contentType: MEDIA_FILING,
        encode: (logTimeMs) => encodeFiling({ ...body, logTimeMs }),
      };
    case 'bindings':
      return {
        contentType: MEDIA_PROFILE_BINDING,
        encode: (logTimeMs) => encodeProfileBinding({ ...body, logTimeMs }),
        sub: body.device,
      };
    case 'inspections':
      return {
        contentType: MEDIA_INSPECTION,
        encode: (logTimeMs) => encodeInspection({ ...body, logTimeMs }),
        sub: body.device,
      };
    case 'seals':
      return {
        contentType: MEDIA_SEAL,
        encode: (logTimeMs) => encodeSeal({ ...body, logTimeMs }),
        sub: body.subject,
      };
    case 'claims':
      return {
        contentType: MEDIA_CLAIM,
        encode: (logTimeMs) => encodeClaim({ ...body, logTimeMs }),
        sub: body.subject,
      };
  }
}
