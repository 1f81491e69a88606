// What a refusal over events looks like as a problem, and what a capture job says went wrong.
import type { FastifyReply } from 'fastify';
import type { RuleBreach } from '../../epcis/event.ts';
import type { CaptureJob, EpcisRefused, SubscriptionView } from '../epcis-backend.ts';
import { PROBLEMS, problemKind, problemType, sendProblem } from '../problem.ts';

/** Enough to mend a document by; one that is wrong throughout has as many as it has events. */
const BREACHES_TOLD_MAX = 100;

export function sendRefused(
  reply: FastifyReply,
  { code, detail, breaches, eventId }: EpcisRefused,
  base = '',
): FastifyReply {
  return sendProblem(reply, {
    code,
    detail,
    ...(breaches.length > 0 && { errors: breaches.slice(0, BREACHES_TOLD_MAX) }),
    ...(eventId !== undefined && { location: base + eventUrl(eventId) }),
  });
}

export const eventUrl = (eventId: string): string => `/epcis/events/${encodeURIComponent(eventId)}`;

/** The capture job document of EPCIS 2.0: `errors` are problems (RFC 9457). */
export function jobView(job: CaptureJob) {
  const { captureId, createdMs, finishedMs, success, behaviour, errors } = job;
  return {
    captureID: captureId,
    createdAt: new Date(createdMs).toISOString(),
    ...(finishedMs !== null && { finishedAt: new Date(finishedMs).toISOString() }),
    running: finishedMs === null,
    success,
    captureErrorBehaviour: behaviour,
    errors: errors.slice(0, BREACHES_TOLD_MAX).map(breachView),
  };
}

function breachView({ path, rule, message }: RuleBreach) {
  const code = Object.hasOwn(PROBLEMS, rule) ? rule : 'epcis_validation';
  const { title, status } = problemKind(code);
  return { type: problemType(code, { epcis: true }), title, status, detail: message, path, rule };
}

/** What a subscription is, for its reader: the secret stays here. */
export function subscriptionView(subscription: SubscriptionView) {
  const { id, dest, createdMs, notifiedMs, minRecordMs, time, reportIfEmpty, format } =
    subscription;
  return {
    subscriptionID: id,
    dest,
    createdAt: new Date(createdMs).toISOString(),
    ...(notifiedMs !== null && { lastNotifiedAt: new Date(notifiedMs).toISOString() }),
    minRecordTime: new Date(minRecordMs).toISOString(),
    ...time,
    ...('schedule' in time && { reportIfEmpty }),
    epcFormat: format,
  };
}
