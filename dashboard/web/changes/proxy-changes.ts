import { openFixedChange } from './open-change.js';

/** Lets a proxy serve clients. */
export function openProxyOnline(id: string): void {
  const request = { change: 'set-proxy', id, state: 'online' } as const;
  openFixedChange(`Set ${id} online`, 'Set online', request);
}

/** Has a proxy finish with its clients and end. */
export function openProxyOffline(id: string): void {
  const request = { change: 'set-proxy', id, state: 'offline' } as const;
  openFixedChange(`Take ${id} offline`, 'Take offline', request);
}
