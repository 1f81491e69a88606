// Hand-overs of a thing and of what it was in, by the time of the earlier half.
import type { HandoverView } from '../../http/handover-backend.ts';
import { type Answer, type Asking, getJson } from './client.ts';

export type { HandoverView };

const SHOWN_MAX = 50;

export async function getHandovers(
  items: readonly string[],
  asking: Asking,
): Promise<Answer<readonly HandoverView[]>> {
  const found: HandoverView[] = [];
  for (const item of items) {
    const query = new URLSearchParams({ item, limit: String(SHOWN_MAX) });
    const answer = await getJson<{ handovers: readonly HandoverView[] }>(
      `/v1/handovers?${query}`,
      asking,
    );
    if (!answer.ok) return answer;
    found.push(...answer.value.handovers);
  }
  return { ok: true, value: found.sort((a, b) => a.timeMs - b.timeMs) };
}
