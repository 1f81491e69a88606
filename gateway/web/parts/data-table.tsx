import type { ComponentChildren } from 'preact';
import { usePage } from '../page-state.ts';

/** Rows beyond this many are counted, not shown: exports have them all. */
const ROWS_SHOWN_MAX = 500;

/** A table whose caption says what it holds; on a narrow screen it scrolls by keyboard too. */
export function DataTable({
  caption,
  head,
  rows,
  empty,
}: {
  caption: string;
  head: readonly string[];
  rows: readonly (readonly ComponentChildren[])[];
  empty?: string;
}) {
  const { say } = usePage();
  if (rows.length === 0) return <p class="empty">{empty ?? say('table.empty')}</p>;
  const shown = rows.slice(0, ROWS_SHOWN_MAX);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
    <div class="scroll" tabIndex={0}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, i) => (
            <tr key={i}>
              {row.map((cell, column) =>
                column === 0 ? (
                  <th key={head[column]} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={head[column]}>{cell}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown.length && (
        <p class="note">{say('table.more', { count: rows.length - shown.length })}</p>
      )}
    </div>
  );
}
