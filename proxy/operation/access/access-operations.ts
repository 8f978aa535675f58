import type { Operation } from '../operation.js';
import { aclDelUser, aclOfAny, aclSetUser } from './acl.js';
import { logIn } from './log-in.js';

/** By the row's name. */
export const ACCESS_OPERATIONS: readonly (readonly [name: string, operation: Operation])[] = [
  ['acl|deluser', aclDelUser],
  ['acl|dryrun', aclOfAny],
  ['acl|getuser', aclOfAny],
  ['acl|list', aclOfAny],
  ['acl|setuser', aclSetUser],
  ['acl|users', aclOfAny],
  ['auth', logIn],
  ['hello', logIn],
];
