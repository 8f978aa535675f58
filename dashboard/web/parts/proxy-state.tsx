import type { LiveProxy } from '../../api/live-contract.js';
import { Badge } from './badge.js';

/** What a proxy's record and its silence say of it. */
export function ProxyState({ proxy }: { readonly proxy: LiveProxy }) {
  if (!proxy.answers) {
    return (
      <Badge tone="bad" dot="still" title={proxy.error}>
        silent
      </Badge>
    );
  }
  if (proxy.state === 'online') {
    return (
      <Badge tone="good" dot="still">
        online
      </Badge>
    );
  }
  if (proxy.state === 'mark_offline') {
    return (
      <Badge tone="warn" dot="pulse">
        draining
      </Badge>
    );
  }
  return (
    <Badge tone="warn" dot="still">
      offline
    </Badge>
  );
}
