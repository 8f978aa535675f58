/** Examples below a verb's help. */
export function example(...lines: string[]): string {
  const title = lines.length > 1 ? 'Examples:' : 'Example:';
  return ['', title, ...lines.map((line) => `  codis-config ${line}`)].join('\n');
}
