import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import type { z } from 'zod';
import { InvalidInputError } from '../errors.js';

/** Bodies are single records; this is hundreds of times the largest. */
const MAX_BODY_BYTES = 1024 * 1024;

const BODIES = new WeakMap<IncomingMessage, Promise<string>>();

/** The body is not of the kind that the route takes. Answered with its status to every client. */
export class BadBodyError extends InvalidInputError {
  readonly status: 400 | 413;

  constructor(message: string, status: 400 | 413) {
    super(message);
    this.status = status;
  }
}

/** The request's body, read as JSON whatever its content type says. @throws BadBodyError */
export async function readBody<T>(ctx: Context, schema: z.ZodType<T>): Promise<T> {
  const text = await bodyText(ctx);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new BadBodyError('the request body is not JSON', 400);
  }
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') || 'it';
  throw new BadBodyError(`the request body: ${field}: ${issue?.message ?? 'is not valid'}`, 400);
}

/** The request's body as it came; read once, whoever asks. @throws BadBodyError if it is too long */
export function bodyText(ctx: Context): Promise<string> {
  let text = BODIES.get(ctx.req);
  if (!text) {
    text = readText(ctx.req);
    BODIES.set(ctx.req, text);
  }
  return text;
}

/** A part of the path or query that must be a whole number. @throws InvalidInputError */
export function wholeNumber(text: unknown, what: string): number {
  if (typeof text !== 'string' || !/^-?\d{1,10}$/.test(text)) {
    throw new InvalidInputError(`${what}: "${String(text ?? '')}" is not a whole number`);
  }
  return Number(text);
}

/** Answers with JSON, typed as text and indented with a leading blank, as Codis does. */
export function replyRecord(ctx: Context, value: unknown): void {
  ctx.type = 'text/plain; charset=utf-8';
  ctx.body = JSON.stringify(value, null, 2).replaceAll('\n', '\n ');
}

/** Answers with JSON as such: for routes that Codis has not. */
export function replyJson(ctx: Context, value: unknown): void {
  ctx.type = 'application/json; charset=utf-8';
  ctx.body = JSON.stringify(value);
}

/** As {@link replyRecord}, in one line: how Codis answers a change. */
export function replyShort(ctx: Context, value: unknown): void {
  ctx.type = 'text/plain; charset=utf-8';
  ctx.body = JSON.stringify(value);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw new BadBodyError(`the request body is larger than ${MAX_BODY_BYTES} bytes`, 413);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
