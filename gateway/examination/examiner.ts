import { encodeExamination } from '@truegrain/device-sdk/formats/examination.js';
import { MEDIA_EXAMINATION } from '@truegrain/device-sdk/formats/media-types.js';
import type { Said } from '../http/alliance-backend.ts';
import type { Outcome } from '../http/backend.ts';
import { said } from '../law-desk.ts';
import type { MemberVoice } from '../member-voice.ts';
import type { ReadContext } from '../reads/read-context.ts';
import { examinationSize, isBoundary } from './log-time.ts';
import { type OwnSources, ownReport } from './own.ts';
import { seenAt } from './seen.ts';

export interface ExaminerOptions extends Pick<OwnSources, 'expiring' | 'clockOffsetMs'> {
  readonly voice: MemberVoice;
  readonly reads: ReadContext;
}

/** A member examines itself and signs what it found; the others' reports are held against it. */
export class Examiner {
  readonly #options: ExaminerOptions;

  constructor(options: ExaminerOptions) {
    this.#options = options;
  }

  /** A period of log time has passed that this member has not reported on. */
  due(): boolean {
    const size = this.#periodSize();
    return size !== null && size > this.#reportedSize();
  }

  async examine(): Promise<Outcome<Said>> {
    const { voice, reads, expiring, clockOffsetMs } = this.#options;
    const size = this.#size();
    const seen = size === null ? null : await seenAt(reads, size);
    if (size === null || seen === null) {
      return { ok: false, code: 'not_found', detail: 'there is nothing to examine yet' };
    }
    const own = ownReport({ reads, iss: voice.iss, expiring, clockOffsetMs });
    const encode = (logTimeMs: number) => encodeExamination({ logTimeMs, size, seen, own });
    const outcome = await said(voice, { contentType: MEDIA_EXAMINATION, encode });
    if (!outcome.ok) return outcome;
    const lines = [...outcome.value.lines, `examined ${size} leaves`];
    return { ok: true, value: { ...outcome.value, lines } };
  }

  /**
   * The last whole period's leaves; asked again within it, what another member reported on since,
   * so that the two can be compared; else all there is.
   */
  #size(): number | null {
    const { reads } = this.#options;
    const reported = this.#reportedSize();
    const period = this.#periodSize();
    if (period !== null && period > reported) return period;
    const others = [...(reads.state().membership?.law.examinations.values() ?? [])]
      .map(({ size }) => size)
      .filter((size) => size > reported && isBoundary(reads, size));
    if (others.length > 0) return Math.max(...others);
    const { size } = reads.state();
    return size === 0 ? null : size;
  }

  #periodSize(): number | null {
    const { reads } = this.#options;
    const { law } = reads.state().membership?.terms ?? { law: null };
    return law === null ? null : examinationSize(reads, law.examinationDays);
  }

  #reportedSize(): number {
    const { voice, reads } = this.#options;
    return reads.state().membership?.law.examinations.get(voice.iss)?.size ?? 0;
  }
}
