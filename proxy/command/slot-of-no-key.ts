/** Where a command without any key, or with arguments that a server will refuse, is sent. */
export const SLOT_OF_NO_KEY = 0;
