// Links to the pages of things, and times, always with the full value at hand.
import type { ComponentChildren } from 'preact';
import { isoTime, NOTHING, shortDigest, timeWords } from '../format.ts';
import { itemName } from '../gs1-name.ts';
import { usePage } from '../page-state.ts';
import { hashOf } from '../route.ts';

export function Time({ ms }: { ms: number | null | undefined }) {
  const { tag } = usePage();
  if (ms === null || ms === undefined) return <>{NOTHING}</>;
  return <time dateTime={isoTime(ms)}>{timeWords(ms, tag)}</time>;
}

export function ItemLink({ item }: { item: string }) {
  return (
    <a href={hashOf({ page: 'product', item })} title={item}>
      {itemName(item)}
    </a>
  );
}

export function DeviceLink({ urn }: { urn: string }) {
  return (
    <a href={hashOf({ page: 'device', urn })} class="break">
      {urn}
    </a>
  );
}

export function EntryLink({ leafIndex }: { leafIndex: number }) {
  const { say } = usePage();
  return <a href={hashOf({ page: 'entry', leafIndex })}>{say('entry.name', { leafIndex })}</a>;
}

const PROOFS_SHOWN_MAX = 3;

/** Entries whose evidence can be taken along, the first of them. */
export function Proofs({ of }: { of: readonly number[] }) {
  const { say } = usePage();
  if (of.length === 0) return null;
  return (
    <p class="note">
      {say('proofs.of')}{' '}
      {of.slice(0, PROOFS_SHOWN_MAX).map((leafIndex) => (
        <span key={leafIndex}>
          <EntryLink leafIndex={leafIndex} />{' '}
        </span>
      ))}
      {of.length > PROOFS_SHOWN_MAX && say('proofs.more', { count: of.length - PROOFS_SHOWN_MAX })}
    </p>
  );
}

export function StatementLink({ id, children }: { id: string; children?: ComponentChildren }) {
  return (
    <a href={hashOf({ page: 'statement', id })} title={id}>
      {children ?? <code>{shortDigest(id)}</code>}
    </a>
  );
}

/** A digest in full, or its beginning with the whole at hand. */
export function Digest({ hex, whole = false }: { hex: string; whole?: boolean }) {
  return (
    <code class="digest" title={hex}>
      {whole ? hex : shortDigest(hex)}
    </code>
  );
}

/** A device goes to the page of devices, a URI to that of things; a name is a name. */
export function SubjectLink({ subject }: { subject: string }) {
  if (subject.startsWith('urn:dev:')) return <DeviceLink urn={subject} />;
  return /^[a-z][a-z0-9+.-]*:/i.test(subject) ? <ItemLink item={subject} /> : subject;
}

/** A device or a member: members are named by a URL that is no thing. */
export function IssuerLink({ issuer }: { issuer: string }) {
  return issuer.startsWith('urn:dev:') ? <DeviceLink urn={issuer} /> : issuer;
}
