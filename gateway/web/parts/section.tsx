import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** A part of a page with a heading of its own, found by screen readers as a region. */
export function Section({
  title,
  note,
  children,
  class: className = '',
}: {
  title: string;
  note?: string | undefined;
  children: ComponentChildren;
  class?: string;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} class={`section ${className}`}>
      <h2 id={id}>{title}</h2>
      {note !== undefined && <p class="note">{note}</p>}
      {children}
    </section>
  );
}

/** Name and value pairs; what is not there is not shown. */
export function Facts({ of }: { of: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {of
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** One number that matters, with what it is. */
export function Figure({
  name,
  value,
  note,
}: {
  name: string;
  value: ComponentChildren;
  note?: ComponentChildren;
}) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        <span class="figure-value">{value}</span>
        {note && <span class="figure-note">{note}</span>}
      </dd>
    </div>
  );
}
