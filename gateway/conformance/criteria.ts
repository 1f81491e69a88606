import { criterion as c01 } from './criteria/c01-signed-by-trusted-key.ts';
import { criterion as c02 } from './criteria/c02-shown-is-signed.ts';
import { criterion as c03 } from './criteria/c03-one-history.ts';
import { criterion as c04 } from './criteria/c04-independent-organisations.ts';
import { criterion as c05 } from './criteria/c05-unanimity.ts';
import { criterion as c06 } from './criteria/c06-no-one-rewrites.ts';
import { criterion as c07 } from './criteria/c07-quorum-present.ts';
import { criterion as c08 } from './criteria/c08-quorums-meet.ts';
import { criterion as c09 } from './criteria/c09-numbers-without-gap.ts';
import { criterion as c10 } from './criteria/c10-responsible-persons.ts';
import { criterion as c11 } from './criteria/c11-nothing-undigitized.ts';
import { criterion as c12 } from './criteria/c12-members-answer.ts';
import { criterion as c13 } from './criteria/c13-answers-in-time.ts';
import { criterion as c14 } from './criteria/c14-filed.ts';
import { criterion as c15 } from './criteria/c15-supervisor.ts';
import { criterion as c16 } from './criteria/c16-faults-tolerated.ts';
import { criterion as c17 } from './criteria/c17-not-empty.ts';
import type { Criterion } from './criterion.ts';

/** In the order of criteria.md. */
export const CRITERIA: readonly Criterion[] = [
  c01,
  c02,
  c03,
  c04,
  c05,
  c06,
  c07,
  c08,
  c09,
  c10,
  c11,
  c12,
  c13,
  c14,
  c15,
  c16,
  c17,
];
