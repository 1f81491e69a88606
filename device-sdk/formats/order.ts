// SPEC.md §10.5: a supervisor's order: suspend, reinstate, annotate; it never erases (DESIGN §5).

/** @module order */
import type { CborKey, CborValue } from './cbor.ts';
import type { Fields } from './fields.ts';
import { encodePayload, openPayload } from './governance-payload.ts';
import { type Responsible, readResponsible, responsibleMap } from './responsible.ts';
import type { Result } from './result.ts';

export const ORDER_ACTIONS = ['suspend', 'reinstate', 'annotate'] as const;
export type OrderAction = (typeof ORDER_ACTIONS)[number];

/** A device by URN, a rule as `id@version`, a member by `iss`, a subject by the `sub` of readings. */
export const ORDER_TARGETS = ['device', 'rule', 'member', 'subject'] as const;
export interface OrderTarget {
  readonly kind: (typeof ORDER_TARGETS)[number];
  readonly id: string;
}

export interface Order {
  readonly logTimeMs: number;
  /** A subject is annotated; to reinstate it withdraws its annotations. All else can be suspended. */
  readonly action: OrderAction;
  readonly target: OrderTarget;
  /** The law it rests on, with its clause, or the court's file number. */
  readonly legalBasis: string;
  /** The person who orders it, and the office. */
  readonly official: Responsible;
  readonly text: string;
}

export const SUBJECT_LENGTH_MAX = 1_024;

export function encodeOrder(order: Order): Uint8Array {
  const { kind, id } = order.target;
  return encodePayload(order.logTimeMs, [
    ['action', order.action],
    [
      'target',
      new Map<CborKey, CborValue>([
        ['kind', kind],
        ['id', id],
      ]),
    ],
    ['legalBasis', order.legalBasis],
    ['official', responsibleMap(order.official)],
    ['text', order.text],
  ]);
}

export function parseOrder(bytes: Uint8Array): Result<Order> {
  const opened = openPayload(bytes, 'order');
  if (!opened.ok) return opened;
  const { fields, logTimeMs } = opened.value;
  const order = {
    logTimeMs,
    action: fields.oneOf('action', ORDER_ACTIONS),
    target: readTarget(fields.map('target')),
    legalBasis: fields.text('legalBasis', { max: 512 }),
    official: readResponsible(fields.map('official')),
    text: fields.prose('text', { max: 4_096 }),
  };
  if (order.target.kind === 'subject' && order.action === 'suspend') {
    fields.odd('action', 'nothing suspends what was measured: a thing is annotated');
  }
  return fields.finish(order);
}

function readTarget(fields: Fields): OrderTarget {
  const target = {
    kind: fields.oneOf('kind', ORDER_TARGETS),
    id: fields.text('id', { max: SUBJECT_LENGTH_MAX }),
  };
  fields.close();
  return target;
}
