import { readFileSync } from 'node:fs';

export interface CapturedNode {
  path: string;
  data: string;
  ephemeral: boolean;
}

/** The nodes of an original Codis 2 cluster: `test/fixtures/codis2/zk-tree.txt`, in its order. */
export function readCodis2Tree(): CapturedNode[] {
  const file = new URL('../fixtures/codis2/zk-tree.txt', import.meta.url);
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const match = /^(\S+)( \(ephemeral\))? {2}(.*)$/.exec(line);
      if (!match) throw new Error(`a line that is no node: ${line}`);
      const [, path = '', ephemeral, data = ''] = match;
      return { path, data, ephemeral: ephemeral !== undefined };
    });
}
