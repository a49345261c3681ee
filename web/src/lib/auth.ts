import type { User, UserManager } from "oidc-client-ts";
import { debug } from "./debug";
import { IN_CATALOG, isCatalog } from "./documents";
import type { AuthConfig } from "./types";

const REQUEST_SECONDS = 10;

/** Authorization code with PKCE. The tokens live in this tab only (sessionStorage). */
let manager: UserManager | undefined;
let user: User | null = null;
let settings: AuthConfig | undefined;

export const token = (): string | null => (user && !user.expired ? user.access_token : null);

export const who = (): string =>
  user?.profile.email ?? user?.profile.name ?? user?.profile.sub ?? "";

/** Prepares the sign-in and finishes one that is under way. True when somebody is signed in. */
export async function startAuth(auth: AuthConfig): Promise<boolean> {
  const { UserManager, WebStorageStateStore } = await import("oidc-client-ts");
  const home = `${location.origin}/`;
  settings = auth;
  manager = new UserManager({
    authority: auth.issuer,
    client_id: auth.clientId,
    redirect_uri: home,
    post_logout_redirect_uri: home,
    scope: auth.scope ?? "openid email profile",
    extraQueryParams: auth.audience ? { audience: auth.audience } : {},
    userStore: new WebStorageStateStore({ store: sessionStorage }),
    automaticSilentRenew: true,
    requestTimeoutInSeconds: REQUEST_SECONDS,
  });
  manager.events.addUserLoaded((loaded) => {
    user = loaded;
  });
  manager.events.addAccessTokenExpired(() => {
    user = null;
  });
  const query = new URLSearchParams(location.search);
  if (query.has("state") && (query.has("code") || query.has("error"))) await finish(manager);
  else user = await manager.getUser();
  debug("signed in", who());
  return token() !== null;
}

async function finish(from: UserManager): Promise<void> {
  user = await from.signinRedirectCallback();
  const back = (user.state as { path?: string } | undefined)?.path ?? "/";
  const path = back.startsWith("/") && !back.startsWith("//") ? back : "/";
  if (isCatalog(path) !== IN_CATALOG) location.replace(path);
  else history.replaceState(null, "", path);
}

/** Leaves the page for the issuer's. Throws what `explain` turns into words. */
export async function signIn(): Promise<void> {
  await manager?.signinRedirect({ state: { path: location.pathname + location.search } });
}

/** Revokes the refresh token, forgets the tokens, and ends the session at the issuer, which would
 * otherwise sign the next person in without asking. */
export async function signOut(): Promise<void> {
  if (!manager || !settings) return;
  await manager
    .revokeTokens(["refresh_token"])
    .catch((error: unknown) => debug("not revoked", error));
  const { clientId, logoutUrl } = settings;
  if (!logoutUrl && (await endsSessions(manager))) {
    await manager.signoutRedirect();
    return;
  }
  await manager.removeUser();
  location.assign(logoutUrl ? cognitoLogout(logoutUrl, clientId) : "/");
}

async function endsSessions(from: UserManager): Promise<boolean> {
  const metadata = await from.metadataService.getMetadata().catch(() => null);
  return Boolean(metadata?.end_session_endpoint);
}

/** Cognito has parameters of its own for this. */
function cognitoLogout(url: string, clientId: string): string {
  return `${url}?${new URLSearchParams({ client_id: clientId, logout_uri: `${location.origin}/` })}`;
}

/** What went wrong with a sign-in, for the person who tried. */
export function explain(error: Error): string {
  const lost =
    error instanceof TypeError || error.name === "ErrorTimeout" || /\(5\d\d\)/.test(error.message);
  if (!lost || !settings) return error.message;
  return `The sign-in service (${new URL(settings.issuer).host}) cannot be reached. Check your connection and try again.`;
}
