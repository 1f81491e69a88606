// Records of several things at once: those that there are.
import type { SubjectRecord } from '../../http/law-backend.ts';
import { type Answer, type Asking, getJson } from './client.ts';

export async function getRecords(
  items: readonly string[],
  asking: Asking,
): Promise<Answer<readonly SubjectRecord[]>> {
  const answers = await Promise.all(
    items.map((item) => getJson<SubjectRecord>(`/v1/subjects/${encodeURIComponent(item)}`, asking)),
  );
  const records: SubjectRecord[] = [];
  for (const answer of answers) {
    if (answer.ok) records.push(answer.value);
    else if (answer.failure.kind !== 'unknown') return answer;
  }
  return { ok: true, value: records };
}
