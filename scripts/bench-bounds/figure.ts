/** One figure with what is wanted of it. */
export interface Figure {
  readonly what: string;
  /** As people write it: `<= 8 KB`. */
  readonly wanted: string;
  readonly measured: string;
  /** Null: nothing is wanted of it, it is told. */
  readonly isMet: boolean | null;
}

/** Something of which nothing is wanted. */
export function told(what: string, measured: string): Figure {
  return { what, wanted: '-', measured, isMet: null };
}

/** Something that must not be more than the limit. @param unit as written behind both */
export function atMost(what: string, limit: number, value: number, unit = ''): Figure {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return {
    what,
    wanted: `<= ${limit}${unit}`,
    measured: `${value.toFixed(digits)}${unit}`,
    isMet: value <= limit,
  };
}

export function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MB`;
}
