import type { Series } from './measurement.js';
import type { BenchResult } from './report.js';

const BAR_HEIGHT = 18;
const BAR_GAP = 4;
const GROUP_GAP = 22;
const LABEL_WIDTH = 130;
const BAR_WIDTH = 460;
const FIGURE_WIDTH = 110;
const MARGIN = 16;
const COLOURS = ['#c6302b', '#5b6770', '#b9c2c8', '#e0a458', '#4f7cac', '#8e6c8a'];

/** A bar chart of the requests a second, one group of bars a test and pipeline. */
export function renderChart({ machine, series }: BenchResult): string {
  const groups = new Map<string, Series[]>();
  for (const one of series) groups.set(titleOf(one), [...(groups.get(titleOf(one)) ?? []), one]);
  const names = [...new Set(series.map(({ target }) => target))];
  const parts: string[] = [];
  let y = MARGIN;
  for (const [title, members] of groups) {
    // Depths differ by an order of magnitude: each group has a scale of its own.
    const fastest = Math.max(...members.map(({ median }) => median.requestsPerSecond));
    parts.push(`<text x="${MARGIN}" y="${y + 12}" class="title">${title}</text>`);
    y += BAR_HEIGHT + BAR_GAP;
    for (const { target, median } of members) {
      const width = Math.max(1, Math.round((median.requestsPerSecond / fastest) * BAR_WIDTH));
      const colour = COLOURS[names.indexOf(target) % COLOURS.length]!;
      const left = MARGIN + LABEL_WIDTH;
      parts.push(
        `<text x="${left - 8}" y="${y + 13}" text-anchor="end">${escapeXml(target)}</text>`,
        `<rect x="${left}" y="${y}" width="${width}" height="${BAR_HEIGHT}" fill="${colour}"/>`,
        `<text x="${left + width + 6}" y="${y + 13}">${inWords(median.requestsPerSecond)}</text>`,
      );
      y += BAR_HEIGHT + BAR_GAP;
    }
    y += GROUP_GAP;
  }
  const caption = `${machine.processor}, ${machine.cores} cores, ${machine.date}`;
  parts.push(`<text x="${MARGIN}" y="${y}" class="caption">${escapeXml(caption)}</text>`);
  const width = 2 * MARGIN + LABEL_WIDTH + BAR_WIDTH + FIGURE_WIDTH;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + MARGIN}" width="${width}">`,
    '<title>Requests a second of each target</title>',
    '<style>text{font:12px sans-serif;fill:#222}.title{font-weight:bold}.caption{fill:#777}</style>',
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function titleOf({ cell }: Series): string {
  return `${cell.test.toUpperCase()}, pipeline ${cell.pipeline}`;
}

function inWords(requestsPerSecond: number): string {
  return `${Math.round(requestsPerSecond).toLocaleString('en-US')}/s`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
