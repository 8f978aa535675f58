/** The user that servers know the proxy by: it logs in with the password of its config.ini, or not. */
export const DEFAULT_USER = 'default';
/** Of 'default'. */
export const DEFAULT_USER_ID = 0;
/** Users beyond are turned away. Their numbers have room in a lane's. */
export const MAX_USERS = (1 << 12) - 1;

/** A user of the servers' access lists; byte strings. */
export interface User {
  readonly name: string;
  readonly password: string;
}

/** Users that have logged in, by small numbers, which lanes carry (lane.ts). */
export class Users {
  readonly #users: User[] = [{ name: DEFAULT_USER, password: '' }];
  readonly #ids = new Map<string, number>();

  /** @param id as of `note` */
  get(id: number): User {
    return this.#users[id]!;
  }

  /** Null: has not logged in with this password. */
  find({ name, password }: User): number | null {
    return this.#ids.get(JSON.stringify([name, password])) ?? null;
  }

  /** A server has let the user in. @returns its number; null: there are too many */
  note(user: User): number | null {
    const known = this.find(user);
    if (known !== null) return known;
    if (this.#users.length > MAX_USERS) return null;
    this.#ids.set(JSON.stringify([user.name, user.password]), this.#users.length);
    return this.#users.push(user) - 1;
  }
}

/** Of this worker. */
export const users = new Users();
