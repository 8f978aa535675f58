export type Row = readonly string[];

/** Columns two spaces apart; those from `firstNumberColumn` on are flush right. */
export function alignedTable(head: Row, rows: readonly Row[], firstNumberColumn: number): string {
  const widths = columnWidths([head, ...rows]);
  const line = (row: Row): string => padded(row, widths, firstNumberColumn).join('  ').trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join(
    '\n',
  );
}

/** A Markdown table whose source is as readable as the outcome. */
export function markdownTable(head: Row, rows: readonly Row[], firstNumberColumn: number): string {
  const widths = columnWidths([head, ...rows]);
  const line = (row: Row): string => `| ${padded(row, widths, firstNumberColumn).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column < firstNumberColumn ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

function columnWidths(rows: readonly Row[]): number[] {
  return rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
}

function padded(row: Row, widths: readonly number[], firstNumberColumn: number): string[] {
  return row.map((text, column) =>
    column < firstNumberColumn ? text.padEnd(widths[column]!) : text.padStart(widths[column]!),
  );
}
