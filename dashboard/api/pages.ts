import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context, Middleware } from 'koa';
import { ALL_ROUTES } from './route-table.js';

const compress = promisify(gzip);

/** Of the file names that the build gives: the content's hash is in them. */
const FOREVER = 'public, max-age=31536000, immutable';
/** Asked for each time; unchanged, it is not sent again. */
const CHECKED = 'no-cache';
/** In one of a developer the pages are built anew under our feet. */
const LOOK_AGAIN_MS = 1_000;
/** The address bar of the pages: what the browser's script makes of it is its own affair. */
const ENTRANCES = ['/', '/admin'];

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};
const COMPRESSIBLE = new Set(['.css', '.html', '.js', '.json', '.svg', '.webmanifest']);

interface Page {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer | null;
  readonly etag: string;
  readonly caching: string;
}

/** Where the built pages are, whether we run from the sources or from `dist`. */
export function pagesFolder(): string {
  const candidates = ['../../web', '../../dist/web'].map((path) => join(import.meta.dirname, path));
  return candidates.find((folder) => existsSync(join(folder, 'index.html'))) ?? candidates[1]!;
}

/** Serves the built pages from memory; without them, says so. */
export function pages(folder: string): Middleware {
  let loaded: { pages: ReadonlyMap<string, Page>; builtAt: number } | null = null;
  let lookedAt = Number.NEGATIVE_INFINITY;
  const current = async () => {
    const now = performance.now();
    if (now - lookedAt < LOOK_AGAIN_MS) return loaded?.pages ?? null;
    lookedAt = now;
    const builtAt = await builtTime(folder);
    if (builtAt === null) loaded = null;
    else if (loaded?.builtAt !== builtAt) loaded = { pages: await loadPages(folder), builtAt };
    return loaded?.pages ?? null;
  };
  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    // What the pages load is beside them, not below /admin/.
    if (ctx.path === '/admin/') return ctx.redirect('../admin');
    const isEntrance = ENTRANCES.includes(ctx.path);
    // A person at a terminal wants to know the routes.
    if (isEntrance && !ctx.get('accept').includes('text/html')) return showRoutes(ctx);
    const all = await current();
    if (isEntrance && !all) return showNotBuilt(ctx);
    const page = all?.get(isEntrance ? '/index.html' : ctx.path);
    if (!page) return next();
    send(ctx, page);
  };
}

function send(ctx: Context, { type, plain, gzip: packed, etag, caching }: Page): void {
  ctx.set('cache-control', caching);
  ctx.set('etag', etag);
  ctx.vary('accept-encoding');
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  const isPacked = packed !== null && ctx.acceptsEncodings('gzip', 'identity') === 'gzip';
  if (isPacked) ctx.set('content-encoding', 'gzip');
  ctx.type = type;
  ctx.body = isPacked ? packed : plain;
}

/** Null: not built. */
async function builtTime(folder: string): Promise<number | null> {
  try {
    return (await stat(join(folder, 'index.html'))).mtimeMs;
  } catch {
    // The only thing that matters is that it is not there.
    return null;
  }
}

async function loadPages(folder: string): Promise<Map<string, Page>> {
  const found = new Map<string, Page>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const extension = extname(entry.name);
    const type = TYPES[extension];
    if (!entry.isFile() || !type) continue;
    const path = join(entry.parentPath, entry.name);
    const url = `/${relative(folder, path).split(sep).join('/')}`;
    const plain = await readFile(path);
    found.set(url, {
      type,
      plain,
      gzip: COMPRESSIBLE.has(extension) ? await compress(plain) : null,
      etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
      caching: url.startsWith('/assets/') ? FOREVER : CHECKED,
    });
  }
  return found;
}

function showRoutes(ctx: Context): void {
  const routes = Object.values(ALL_ROUTES).map(({ method, path }) => `${method.padEnd(7)}${path}`);
  ctx.type = 'text/plain; charset=utf-8';
  ctx.body =
    'codis-config dashboard: pages for browsers; for programs the REST API, of Codis 2 and more,\n' +
    `described at /api/openapi.json\n\n${routes.join('\n')}\n`;
}

function showNotBuilt(ctx: Context): void {
  ctx.status = 503;
  ctx.type = 'text/html; charset=utf-8';
  ctx.body =
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>codis-config dashboard</title>' +
    '<h1>The pages are not built</h1><p>The dashboard serves its REST API, but the pages for the ' +
    'browser are not there. In the sources: <code>npm run build</code>, then load this page again.' +
    '</p><p>The routes of the API are described at <a href="/api/openapi.json">/api/openapi.json' +
    '</a>.</p></html>';
}
