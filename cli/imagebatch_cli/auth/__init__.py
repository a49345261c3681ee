"""Sign-in: OpenID Connect, authorization code with PKCE on a loopback redirect."""
