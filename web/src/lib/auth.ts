import type { User, UserManager } from "oidc-client-ts";
import { debug } from "./debug";
import type { AuthConfig } from "./types";

/** Authorization code with PKCE. The tokens live in this tab only (sessionStorage). */
let manager: UserManager | undefined;
let user: User | null = null;

export const token = (): string | null => (user && !user.expired ? user.access_token : null);

export const who = (): string =>
  user?.profile.email ?? user?.profile.name ?? user?.profile.sub ?? "";

/** Prepares the login and finishes one that is under way. True when somebody is signed in. */
export async function startAuth(auth: AuthConfig): Promise<boolean> {
  const { UserManager, WebStorageStateStore } = await import("oidc-client-ts");
  const home = `${location.origin}/`;
  manager = new UserManager({
    authority: auth.issuer,
    client_id: auth.clientId,
    redirect_uri: home,
    post_logout_redirect_uri: home,
    scope: auth.scope ?? "openid email profile",
    extraQueryParams: auth.audience ? { audience: auth.audience } : {},
    userStore: new WebStorageStateStore({ store: sessionStorage }),
    automaticSilentRenew: true,
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
  history.replaceState(null, "", back.startsWith("/") && !back.startsWith("//") ? back : "/");
}

export async function signIn(): Promise<void> {
  await manager?.signinRedirect({ state: { path: location.pathname + location.search } });
}

export async function signOut(): Promise<void> {
  await manager?.removeUser();
  location.assign("/");
}
