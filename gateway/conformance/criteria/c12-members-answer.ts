import { type Criterion, type Finding, finding, NO_CHARTER, notSeen } from '../criterion.ts';
import type { PeerSight, View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-12',
  title: 'Every member shows the ledger to the public',
  severity: 'major',
  isIntegrity: false,
  mustBeSeen: false,
  judge,
};

function judge({ law, peers }: View): Finding {
  const members = peers.filter(({ member }) => member !== null);
  const named = peers.filter(({ member }) => member === null);
  if (!law?.ok && named.length === 0) return notSeen(NO_CHARTER);
  const faulty = peers.filter(isFaulty);
  const silent = peers.filter((peer) => !isSound(peer) && !isFaulty(peer));
  const sound = peers.filter(isSound);
  const notShown = silent.map(silenceWords);
  const evidence = [...sound, ...faulty].map(answerWords);
  if (faulty.length > 0) {
    const who = faulty.map(placeOf).join(', ');
    return finding('failed', `answers, but not with this ledger: ${who}`, {
      evidence,
      notSeen: notShown,
    });
  }
  const places = members.length + named.length;
  if (silent.length > 0) {
    const missing = `${silent.length} of ${places} places could not be compared`;
    return finding('not seen', missing, { evidence, notSeen: notShown });
  }
  if (sound.length === 0) return notSeen('no place of any member is on record');
  return finding('passed', `all ${places} places show the same history`, { evidence });
}

function isSound({ answer }: PeerSight): boolean {
  if (!answer.seen || answer.value.fault !== null) return false;
  const { relation } = answer.value;
  return relation.seen && relation.value !== 'contradicts';
}

function isFaulty({ answer }: PeerSight): boolean {
  if (!answer.seen) return false;
  const { fault, relation } = answer.value;
  return fault !== null || (relation.seen && relation.value === 'contradicts');
}

function placeOf({ member, url }: PeerSight): string {
  return member === null ? `${url}` : member.name;
}

function answerWords(peer: PeerSight): string {
  const { answer, url } = peer;
  if (!answer.seen) return '';
  const { size, fault, relation } = answer.value;
  const found =
    fault ??
    (relation.seen ? `size ${size}, ${relation.value}` : `size ${size}, ${relation.detail}`);
  return `${placeOf(peer)} at ${url}: ${found}`;
}

function silenceWords(peer: PeerSight): string {
  const { answer } = peer;
  const { relation } = answer.seen ? answer.value : { relation: answer };
  return `${placeOf(peer)}: ${relation.seen ? '' : relation.detail}`;
}
