/** What one observer knows of one server. */
export interface View {
  /** `dashboard`, or a proxy's id. */
  readonly observer: string;
  /**
   * For how long the server has owed an answer, in milliseconds; 0: it answers. Null: the observer
   * tells nothing of it.
   */
  readonly silentMs: number | null;
}

/**
 * - `healthy`: nobody misses it
 * - `suspect`: some do, and they are no majority
 * - `down`: more than half of all observers have not heard from it for the time
 */
export type Health = 'healthy' | 'suspect' | 'down';

export interface Verdict {
  readonly health: Health;
  /** The observers that have not heard from it for the time. */
  readonly against: readonly string[];
  /** How many of them make a majority. */
  readonly needed: number;
}

/**
 * Judges a server by what its observers say. All of them are to be given, also those that are
 * silent themselves: an observer that tells nothing is not against the server, and its voice is
 * missing in the majority. So whoever is cut off together with a minority decides nothing.
 */
export function judge(views: readonly View[], downAfterMs: number): Verdict {
  const against = views
    .filter(({ silentMs }) => silentMs !== null && silentMs >= downAfterMs)
    .map(({ observer }) => observer);
  const needed = Math.floor(views.length / 2) + 1;
  const health = against.length === 0 ? 'healthy' : against.length >= needed ? 'down' : 'suspect';
  return { health, against, needed };
}
