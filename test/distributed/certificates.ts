/** Certificates of both sides, by openssl. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, installed } from './servers.js';

export const withoutOpenssl = installed('openssl') ? undefined : 'skipped: openssl is not installed';

/** A folder with an authority and certificates of 127.0.0.1 that it signs: NAME.pem and NAME.key. */
export function certificates(authority: string, ...names: readonly string[]): (name: string) => string {
  const place = folder();
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: place, stdio: 'ignore' });
  const key = (name: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    `${name}.key`,
  ];
  openssl('req', '-x509', ...key(authority), '-days', '2', '-subj', `/CN=${authority}`, '-out', `${authority}.pem`);
  writeFileSync(join(place, 'addresses'), 'subjectAltName=IP:127.0.0.1');
  for (const name of names) {
    openssl('req', ...key(name), '-subj', `/CN=${name}`, '-out', `${name}.csr`);
    const signed = [
      '-CA',
      `${authority}.pem`,
      '-CAkey',
      `${authority}.key`,
      '-CAcreateserial',
      '-extfile',
      'addresses',
    ];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-days', '2', '-out', `${name}.pem`);
  }
  return name => join(place, name);
}
