import type { Logger } from 'pino';
import type { DataFolder } from './data-folder.ts';
import { EvidenceDesk } from './evidence-desk.ts';
import { Examiner, type ExaminerOptions } from './examination/examiner.ts';
import { LawDesk } from './law-desk.ts';
import type { MemberVoice } from './member-voice.ts';
import type { ReadContext } from './reads/read-context.ts';

const EXAMINED_EVERY_MS = 3_600_000;

export interface LawDeskParts {
  voice: MemberVoice;
  reads: ReadContext;
  folder: DataFolder;
  /** Certificates of the member that end some day; in a solo ledger it has none. */
  expiring?: ExaminerOptions['expiring'];
  /** In a solo ledger there is no other clock to hold the own one against. */
  clockOffsetMs?: ExaminerOptions['clockOffsetMs'];
}

/** The law's desk over one ledger, whoever drives it. */
export function openLawDesk(parts: LawDeskParts): { desk: LawDesk; examiner: Examiner } {
  const { voice, reads, folder, expiring = () => [], clockOffsetMs = () => null } = parts;
  const evidence = new EvidenceDesk({ voice, tagKeysFile: folder.tagKeys });
  const examiner = new Examiner({ voice, reads, expiring, clockOffsetMs });
  const desk = new LawDesk({
    voice,
    reads,
    calibrate: (request) => evidence.calibrate(request),
    tap: (request) => evidence.tap(request),
    examine: () => examiner.examine(),
  });
  return { desk, examiner };
}

/** Looks every hour whether a report is due; ends with the function it gives. */
export function keepExamining(examiner: Examiner, log: Logger): () => void {
  const timer = setInterval(async () => {
    try {
      if (!examiner.due()) return;
      const said = await examiner.examine();
      if (!said.ok) log.warn({ code: said.code }, 'the report on this member is not in the log');
    } catch (error) {
      log.error({ error: (error as Error).message }, 'this member can not be examined');
    }
  }, EXAMINED_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
