import { CoordinatorError } from './coordinator.js';

// ZooKeeper's own rule for the characters of a path, so that both drivers refuse the same ones.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what the rule forbids
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]/;

/** @throws CoordinatorError if the path is not `/` or `/name/name...` as ZooKeeper wants it. */
export function checkPath(path: string): void {
  if (path === '/') return;
  const names = path.split('/');
  const isAbsolute = names.shift() === '' && names.length > 0;
  if (!isAbsolute || FORBIDDEN.test(path) || names.some((name) => /^\.{0,2}$/.test(name))) {
    throw new CoordinatorError(`"${path}" is not the path of a node`);
  }
}

/** The path of the parent; of `/` itself, `/`. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** The paths of all parents below `/`, the nearest to `/` first. */
export function ancestorsOf(path: string): string[] {
  const ancestors: string[] = [];
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) {
    ancestors.push(path.slice(0, at));
  }
  return ancestors;
}

/** The name of a sequential node: ZooKeeper's ten digits after the path. */
export function sequentialPath(path: string, count: number): string {
  return path + String(count).padStart(10, '0');
}
