import type { PolicyVerdict } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { type Criterion, type Finding, finding, notSeen } from '../criterion.ts';
import type { Verdict, View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-07',
  title: 'The present checkpoint carries the cosignatures it needs',
  severity: 'fatal',
  isIntegrity: false,
  mustBeSeen: true,
  judge,
};

function judge({ checkpoint, trust }: View): Finding {
  if (!checkpoint.seen) return notSeen('no checkpoint was shown', checkpoint.detail);
  const { byPolicy, byLaw } = checkpoint.value;
  const asked = [
    ['your policy', byPolicy],
    ['the charter', byLaw],
  ] as const;
  const judged = asked.filter((one): one is [(typeof one)[0], Verdict] => one[1] !== null);
  if (judged.length === 0) return notSeen('no keys are known to judge cosignatures by');
  const unmet = judged.filter(([, verdict]) => !(verdict.ok && verdict.value.quorumMet));
  const evidence = cosignersOf(judged.map(([, verdict]) => verdict));
  if (unmet.length > 0) {
    const whose = unmet.map(([who]) => who).join(' and ');
    return finding('failed', `fewer cosigned than ${whose} asks for`, { evidence });
  }
  if (byLaw === null && trust.policy?.quorum === 'none') {
    return finding(
      'failed',
      'your policy asks for no cosignature and there is no charter that does',
    );
  }
  const whose = judged.map(([who]) => who).join(' and ');
  return finding('passed', `as many cosigned as ${whose} asks for`, { evidence });
}

function cosignersOf(verdicts: readonly Verdict[]): string[] {
  const seen = verdicts.flatMap((one) => (one.ok ? one.value.witnesses : []));
  return [...new Set(seen.map(cosignerWords))];
}

function cosignerWords({ key, timeSeconds }: PolicyVerdict['witnesses'][number]): string {
  const time = Number(timeSeconds) * 1_000;
  const when =
    time <= 8_640_000_000_000_000 ? new Date(time).toISOString() : `second ${timeSeconds}`;
  return `cosigned ${when} by ${key.name}`;
}
