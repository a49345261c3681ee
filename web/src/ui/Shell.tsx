import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { signOut, who } from "../lib/auth";
import { config } from "../lib/config";

const VIEWS = [
  { href: "/csv", name: "Cars" },
  { href: "/sheets", name: "Sheets" },
  { href: "/prompts", name: "Prompts" },
  { href: "/variants", name: "Variants" },
  { href: "/batches", name: "Batches" },
];

function here(path: string, href: string): boolean {
  if (path === "/") return href === "/csv";
  if (path.startsWith("/folders/")) return href === "/batches";
  return path === href || path.startsWith(`${href}/`);
}

export function Shell({ children }: { children: ComponentChildren }) {
  const { path } = useLocation();
  const { mode, auth } = config();
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      {mode === "development" && (
        <div class="banner" role="region" aria-labelledby="mode">
          <strong id="mode">Development mode</strong>
          <span>
            No provider key is configured: images are placeholders and nothing is charged.
          </span>
        </div>
      )}
      <header class="top">
        <a class="brand" href="/">
          <Mark />
          imagebatch
        </a>
        <nav aria-label="Main">
          {VIEWS.map(({ href, name }) => (
            <a key={href} href={href} aria-current={here(path, href) ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
        {auth && (
          <div class="account">
            <span class="account-name">{who()}</span>
            <button class="button quiet small" onClick={() => void signOut()}>
              Sign out
            </button>
          </div>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

export const Mark = () => (
  <svg class="mark" viewBox="0 0 18 18" aria-hidden="true">
    <rect width="8" height="8" rx="2" />
    <rect x="10" width="8" height="8" rx="2" opacity=".45" />
    <rect y="10" width="8" height="8" rx="2" opacity=".45" />
    <rect x="10" y="10" width="8" height="8" rx="2" class="mark-new" />
  </svg>
);
