// Parts of the page that is handed in; all text goes through `escaped`.

export function section(title: string, body: string): string {
  return `<section>\n<h2>${escaped(title)}</h2>\n${body}\n</section>`;
}

export function pairs(rows: readonly (readonly [string, string])[]): string {
  const items = rows.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`);
  return `<dl>\n${items.join('\n')}\n</dl>`;
}

export function table(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  if (rows.length === 0) return section(title, '<p>None.</p>');
  const heads = head.map((name) => `<th>${escaped(name)}</th>`).join('');
  const body = rows.map((row) => {
    const cells = row.map(
      (cell, i) => `<td data-of="${escaped(head[i] ?? '')}">${escaped(cell)}</td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  return section(
    title,
    `<div class="wide"><table>\n<thead><tr>${heads}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table></div>`,
  );
}

/** Members choose their names: none of them may become markup. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
