/** A section's lines, in their order. */
export type Fields = { readonly [field: string]: string };

/** Sections by their names in lower case, in their order. */
export type Sections = ReadonlyMap<string, Fields>;

/** Reads INFO's reply: `# Section`, then lines of `field:value`. */
export function parseInfo(text: string): Sections {
  const sections = new Map<string, { [field: string]: string }>();
  let fields: { [field: string]: string } = {};
  for (const line of text.split('\r\n')) {
    if (line.startsWith('# ')) {
      fields = {};
      sections.set(line.slice(2).toLowerCase(), fields);
      continue;
    }
    const colon = line.indexOf(':');
    // One line for each module: the servers have the same ones, or ought to.
    if (colon > 0 && !line.startsWith('module:'))
      fields[line.slice(0, colon)] = line.slice(colon + 1);
  }
  return sections;
}

/** The inverse of {@link parseInfo}; titles with a capital. */
export function renderInfo(sections: Sections): string {
  const parts = [...sections].map(([name, fields]) => {
    const title = name === 'cpu' ? 'CPU' : name.charAt(0).toUpperCase() + name.slice(1);
    const lines = Object.entries(fields).map(([field, value]) => `${field}:${value}\r\n`);
    return `# ${title}\r\n${lines.join('')}`;
  });
  return parts.join('\r\n');
}
