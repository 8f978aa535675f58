export { TcpLink } from '../../scripts/support/tcp-link.js';
