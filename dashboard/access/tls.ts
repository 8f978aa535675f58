import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Config } from '../../base/config.js';
import { messageOf, OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';

/** A certificate that was renewed is in use within this time. */
const LOOK_AGAIN_MS = 30_000;

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Null if none is configured. @throws OperatorError if it cannot be used */
export function loadCertificate(config: Config): Certificate | null {
  const { dashboardTlsCert: certFile, dashboardTlsKey: keyFile } = config;
  if (certFile === '' && keyFile === '') return null;
  if (certFile === '' || keyFile === '') {
    throw new OperatorError('TLS needs both dashboard_tls_cert and dashboard_tls_key', {
      hint: 'name the certificate and its key, or neither',
    });
  }
  try {
    const certificate = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    createSecureContext(certificate);
    return certificate;
  } catch (cause) {
    throw new OperatorError(`the dashboard's certificate cannot be used: ${messageOf(cause)}`, {
      hint: 'dashboard_tls_cert and dashboard_tls_key are files in PEM that belong together',
      cause,
    });
  }
}

/** Has the server use the files' new content when they have changed. @returns what ends that */
export function renewCertificate(server: Server, config: Config, log: Logger): () => void {
  let seen = stampOf(config);
  const timer = setInterval(() => {
    const now = stampOf(config);
    if (now === seen) return;
    try {
      const certificate = loadCertificate(config);
      if (certificate) server.setSecureContext(certificate);
      seen = now;
      log.info('the certificate was read again');
    } catch (error) {
      // Half of it is written, perhaps: the former one goes on, and we look again.
      log.warn({ reason: messageOf(error) }, 'the new certificate is not used');
    }
  }, LOOK_AGAIN_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function stampOf({ dashboardTlsCert, dashboardTlsKey }: Config): string {
  return [dashboardTlsCert, dashboardTlsKey]
    .map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
    .join(' ');
}
