// The code on a pack: a Digital Link URI as a QR code (ISO/IEC 18004), drawn as SVG.
import qrcode from 'qrcode-generator';

/** Modules of white around the code, ISO/IEC 18004 §6.3.8. */
const QUIET_ZONE = 4;
/** Restores about 15 % of the code words: packs get scratched and wet. */
const CORRECTION = 'M';

/** Any text that a QR code of level M holds, at most 2,331 bytes. Scales to where it is printed. */
export function qrSvg(text: string): string {
  const code = qrcode(0, CORRECTION);
  code.addData(text);
  code.make();
  const count = code.getModuleCount();
  const size = count + 2 * QUIET_ZONE;
  const rows = Array.from({ length: count }, (_, row) => rowPath(row, count, code.isDark));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" ` +
    `shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}h-${size}z"/>` +
    `<path d="${rows.join('')}"/></svg>\n`
  );
}

/** One rectangle for dark modules side by side. */
function rowPath(
  row: number,
  count: number,
  isDark: (row: number, column: number) => boolean,
): string {
  let path = '';
  for (let column = 0; column < count; column += 1) {
    let length = 0;
    while (column + length < count && isDark(row, column + length)) length += 1;
    if (length === 0) continue;
    path += `M${column + QUIET_ZONE} ${row + QUIET_ZONE}h${length}v1h-${length}z`;
    column += length;
  }
  return path;
}
