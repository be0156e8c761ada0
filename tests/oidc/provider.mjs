// The certified provider, for tests in a browser: node provider.mjs MODULE ISSUER PEOPLE CLIENT
// PEOPLE: a file that is read at each question, {"login": {claims}}. CLIENT: its registration as JSON.
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [module, issuer, people, client] = process.argv.slice(2)
const { default: Provider } = await import(pathToFileURL(module).href)
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

const provider = new Provider(issuer, {
  clients: [JSON.parse(client)],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'first', use: 'sig', alg: 'RS256' }] },
  claims: {
    openid: ['sub'],
    profile: ['name', 'preferred_username'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
  },
  scopes: ['openid', 'profile', 'email', 'groups'],
  pkce: { required: () => true },
  cookies: { keys: ['a key of tests alone'] },
  features: { rpInitiatedLogout: { enabled: true } },
  async findAccount (_, id) {
    const known = JSON.parse(readFileSync(people, 'utf8'))[id]
    return known && { accountId: id, claims: async () => ({ ...known, sub: id }) }
  },
})
provider.on('server_error', (_, error) => console.error(error))
const { hostname, port } = new URL(issuer)
provider.listen(Number(port), hostname, () => console.log('ready'))
