import type { DataFolder } from './data-folder.ts';
import { EvidenceDesk } from './evidence-desk.ts';
import { LawDesk } from './law-desk.ts';
import type { MemberVoice } from './member-voice.ts';
import type { ReadContext } from './reads/read-context.ts';

/** The law's desk over one ledger, whoever drives it. */
export function openLawDesk(parts: {
  voice: MemberVoice;
  reads: ReadContext;
  folder: DataFolder;
}): LawDesk {
  const { voice, reads, folder } = parts;
  const evidence = new EvidenceDesk({ voice, tagKeysFile: folder.tagKeys });
  return new LawDesk({
    voice,
    reads,
    calibrate: (request) => evidence.calibrate(request),
    tap: (request) => evidence.tap(request),
    examine: async () => ({ ok: false, code: 'not_found', detail: 'no examiner' }),
  });
}
