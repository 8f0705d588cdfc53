// A real OpenID provider (npm oidc-provider) for the tests: node provider.mjs CONFIG, with a JSON object:
//   port, clients (as oidc-provider takes them), people ({login: claims}), clockOffsetMs (how wrong its clock is), algorithms.
// Prints "ready" when it listens. Its own pages take any password.
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const config = JSON.parse(process.argv[2]);
if (config.clockOffsetMs) {
  const now = Date.now.bind(Date);
  Date.now = () => now() + config.clockOffsetMs;
}
const require = createRequire(`${config.packages}/`);
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);

const keys = [
  ['RS256', crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['ES256', crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['EdDSA', crypto.generateKeyPairSync('ed25519')],
].map(([alg, pair]) => ({ ...pair.privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: `${alg}-${crypto.randomUUID()}` }));

const provider = new Provider(`http://127.0.0.1:${config.port}`, {
  clients: config.clients,
  jwks: { keys },
  cookies: { keys: ['a key of the tests'] },
  pkce: { required: () => true, methods: ['S256'] },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA', 'HS256'] },
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email', 'email_verified'] },
  scopes: ['openid', 'profile', 'email'],
  // Cookies must outlive a clock that is hours behind.
  ttl: { Interaction: 86400, Session: 1209600, Grant: 1209600, AuthorizationCode: 60, AccessToken: 3600, IdToken: 3600 },
  features: { devInteractions: { enabled: true } },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...config.people[id] }) }),
});
// The host of a request is the issuer's, whatever is in between.
provider.listen(config.port, '127.0.0.1', () => console.log('ready'));
