// SPEC.md §10.5, §10.12: orders, appeals and inspections, as the fold takes them.

/** @module law-orders */
import { parseAppeal } from './appeal.ts';
import { toHex } from './bytes.ts';
import { parseInspection } from './inspection.ts';
import { pausedRule } from './law-rules.ts';
import { type Law, type OrderRecord, profileOf } from './law-state.ts';
import type { Power } from './law-terms.ts';
import { withEntry } from './layered-map.ts';
import type { MembershipRefusal } from './membership-refusal.ts';
import type { Membership } from './membership-state.ts';
import {
  type MembershipChange,
  type MembershipResult,
  movedLaw,
  readPayload,
} from './membership-step.ts';
import { type Order, type OrderTarget, parseOrder } from './order.ts';
import { fail, type Refused } from './result.ts';
import { isSupervisory, powerFault } from './supervision.ts';

type Fault = Refused<MembershipRefusal> | null;

const POWER: Record<OrderTarget['kind'], Power> = {
  device: 'suspend-device',
  rule: 'suspend-rule',
  member: 'suspend-member',
  subject: 'annotate',
};

export function applyOrder(membership: Membership, change: MembershipChange): MembershipResult {
  const parsed = readPayload(membership, change, parseOrder);
  if (!parsed.ok) return parsed;
  const order = parsed.value;
  const { target, action, logTimeMs } = order;
  const { law } = membership;
  const { statement, leafIndex } = change;
  const { iss, id } = statement;
  const power = action === 'annotate' ? 'annotate' : POWER[target.kind];
  const sector = sectorOfTarget(law, target, change);
  const holders = holdersOf(law, target);
  // Who gave an order lifts it; another once that one could not, for then nobody could.
  const mayLift = ({ by }: OrderRecord) => {
    // A stranger to the sector can't be told from a supervisor of it: the members did.
    const isUnknown = target.kind === 'device' && sector === undefined;
    return by === iss || isUnknown || powerFault(membership, { iss: by, power, sector }) !== null;
  };
  const lifted = holders.filter(mayLift);
  const fault =
    powerFault(membership, { iss, power, sector }) ??
    targetFault(membership, order, change) ??
    (action === 'annotate' ? null : standingFault(law, order, { holders, lifted }));
  if (fault !== null) return fault;
  const record: OrderRecord = { id, order, leafIndex, by: iss, appeals: [], liftedBy: null };
  const before = action === 'reinstate' ? withLifted(law, lifted, id) : law;
  const next = carriedOut(withOrder(before, record), record);
  return movedLaw(membership, next, { logTimeMs, kind: 'order', member: iss });
}

function sectorOfTarget(
  law: Law,
  { kind, id }: OrderTarget,
  { ownerOf }: MembershipChange,
): string | null | undefined {
  if (kind === 'device') return ownerOf === undefined ? undefined : profileOf(law, id);
  // A thing goes through several sectors.
  if (kind === 'subject') return undefined;
  return kind === 'rule' ? (law.rules.get(id)?.rule.profile ?? null) : null;
}

function targetFault(
  { law, members }: Membership,
  { target }: Order,
  { ownerOf, statement }: MembershipChange,
): Fault {
  const { kind, id } = target;
  if (kind === 'device' && ownerOf !== undefined && ownerOf(id) === null) {
    return fail('target_unknown', `no device ${id}`);
  }
  if (kind === 'rule' && !law.rules.has(id)) return fail('target_unknown', `no rule ${id}`);
  if (kind !== 'member') return null;
  const member = members.get(id);
  if (member === undefined) return fail('target_unknown', `no member ${id}`);
  if (id === statement.iss || isSupervisory(member.kind)) {
    return fail('not_empowered', 'a supervisor is not suspended by an order, nor by itself');
  }
  return null;
}

/** Suspended is suspended: a second order would leave nobody to say which one was lifted. */
function standingFault(
  law: Law,
  { target, action }: Order,
  { holders, lifted }: Record<'holders' | 'lifted', readonly OrderRecord[]>,
): Fault {
  const isSuspended = suspensionOf(law, target) !== null;
  if (action === 'suspend') return isSuspended ? fail('already_suspended', target.id) : null;
  if (!isSuspended) return fail('not_suspended', target.id);
  const [other] = holders;
  if (other === undefined || lifted.length > 0) return null;
  return fail('not_empowered', `${other.by} gave the order, and it lifts it`);
}

/** What suspends it, in lower hex: an order, or for a rule the members' proposal; null for nothing. */
export function suspensionOf(law: Law, { kind, id }: OrderTarget): string | null {
  if (kind === 'device') return law.suspendedDevices.get(id) ?? null;
  if (kind === 'member') return law.suspendedMembers.get(id) ?? null;
  if (kind === 'subject') {
    const newest = annotationsOf(law, id).at(-1);
    return newest === undefined ? null : toHex(newest.id);
  }
  const pauses = law.rules.get(id)?.pauses ?? [];
  return pauses.find(({ untilLeaf }) => untilLeaf === null)?.because ?? null;
}

/** Annotations of a subject that were not withdrawn, the newest last. */
function annotationsOf({ orders }: Law, subject: string): OrderRecord[] {
  return [...orders.values()].filter(({ order: { target, action }, liftedBy }) => {
    const isMeant = target.kind === 'subject' && target.id === subject && action === 'annotate';
    return isMeant && liftedBy === null;
  });
}

function withOrder(law: Law, record: OrderRecord): Law {
  return { ...law, orders: withEntry(law.orders, toHex(record.id), record) };
}

function carriedOut(law: Law, { id, order, leafIndex }: OrderRecord): Law {
  const { target, action } = order;
  if (action === 'annotate') return law;
  const because = toHex(id);
  if (target.kind === 'rule') {
    return pausedRule(law, target.id, { leafIndex, because, isPaused: action === 'suspend' });
  }
  if (target.kind === 'subject') return law;
  const field = target.kind === 'device' ? 'suspendedDevices' : 'suspendedMembers';
  const suspended = new Map(law[field]);
  if (action === 'suspend') suspended.set(target.id, because);
  else suspended.delete(target.id);
  return { ...law, [field]: suspended };
}

function withLifted(law: Law, lifted: readonly OrderRecord[], by: Uint8Array): Law {
  const liftedBy = toHex(by);
  let { orders } = law;
  for (const record of lifted)
    orders = withEntry(orders, toHex(record.id), { ...record, liftedBy });
  return { ...law, orders };
}

/**
 * The orders that hold it now: of a subject there may be several, of all else there is one; none for
 * a rule that the members suspended.
 */
function holdersOf(law: Law, target: OrderTarget): OrderRecord[] {
  if (target.kind === 'subject') return annotationsOf(law, target.id);
  const record = law.orders.get(suspensionOf(law, target) ?? '');
  return record === undefined ? [] : [record];
}

export function applyAppeal(membership: Membership, change: MembershipChange): MembershipResult {
  const parsed = readPayload(membership, change, parseAppeal);
  if (!parsed.ok) return parsed;
  const { orderId, text, document, logTimeMs } = parsed.value;
  const { law } = membership;
  const key = toHex(orderId);
  const record = law.orders.get(key);
  if (record === undefined) return fail('target_unknown', `no order ${key}`);
  const { statement, leafIndex } = change;
  const { iss: by, id } = statement;
  const appeals = [...record.appeals, { by, leafIndex, id, text, document }];
  const orders = withEntry(law.orders, key, { ...record, appeals });
  return movedLaw(membership, { ...law, orders }, { logTimeMs, kind: 'appeal', member: by });
}

export function applyInspection(
  membership: Membership,
  change: MembershipChange,
): MembershipResult {
  const { statement, leafIndex, ownerOf } = change;
  const parsed = readPayload(membership, change, parseInspection, { isAboutLedger: false });
  if (!parsed.ok) return parsed;
  const inspection = parsed.value;
  const { device, logTimeMs } = inspection;
  const { iss: by, sub } = statement;
  const { law } = membership;
  if (sub !== device) return fail('not_allowed', 'the subject is another device');
  const sector = ownerOf === undefined ? undefined : profileOf(law, device);
  const fault = powerFault(membership, { iss: by, power: 'inspect', sector });
  if (fault !== null) return fault;
  if (ownerOf !== undefined && ownerOf(device) === null) {
    return fail('target_unknown', `no device ${device}`);
  }
  const made = [...(law.inspections.get(device) ?? []), { ...inspection, by, leafIndex }];
  const inspections = withEntry(law.inspections, device, made);
  return movedLaw(
    membership,
    { ...law, inspections },
    { logTimeMs, kind: 'inspection', member: by },
  );
}
