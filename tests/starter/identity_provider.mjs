// A real OpenID Connect provider for the tests: npm's oidc-provider with its own login pages, on a free port.
// Arguments: the folder in which it is installed, and our redirect address. Prints its issuer once it answers.
// Everybody may log in with any password; whose name begins with "unverified" has an address that nobody checked.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

let ahead = 0; // milliseconds: POST /tests/clock?seconds=600 sets the provider's clock
const now = Date.now;
Date.now = () => now() + ahead;

const [folder, redirect] = process.argv.slice(2);
const found = createRequire(`${folder}/`).resolve('oidc-provider');
const { default: Provider } = await import(pathToFileURL(found));

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'mayday', client_secret: 'a secret of the tests', redirect_uris: [redirect],
      grant_types: ['authorization_code'], response_types: ['code'],
    }],
    cookies: { keys: ['tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    async findAccount(ctx, id) {
      return {
        accountId: id,
        async claims() {
          return { sub: id, email: `${id}@example.com`, email_verified: !id.startsWith('unverified') };
        },
      };
    },
  });
  const answer = provider.callback();
  server.on('request', (asked, told) => {
    const { pathname, searchParams } = new URL(asked.url, issuer);
    if (pathname !== '/tests/clock') return answer(asked, told);
    ahead = Number(searchParams.get('seconds')) * 1000;
    return told.end();
  });
  console.log(issuer);
});
