import "./styles/index.css";
import { render } from "preact";
import { App } from "./app";
import { explain, startAuth } from "./lib/auth";
import { loadConfig } from "./lib/config";
import { debug } from "./lib/debug";
import { Notice } from "./ui/Problem";
import { loadRest, loadView, VIEWS } from "./views";

const root = document.getElementById("app") as HTMLElement;

async function start(): Promise<void> {
  const view = loadView();
  if (location.pathname.startsWith("/shared/")) {
    await view;
    return render(<VIEWS.shared />, root);
  }
  const { auth } = await loadConfig();
  let problem: string | null = null;
  const signedIn =
    auth === null ||
    (await startAuth(auth).catch((error: Error) => {
      debug("signing in failed", error);
      problem = explain(error);
      return false;
    }));
  // The first frame has the view. Signing in may have led to another one.
  if (signedIn) await loadView();
  render(<App signedIn={signedIn} problem={problem} />, root);
  loadRest();
}

start().catch((error: unknown) => {
  debug("the page could not start", error);
  render(
    <main class="door">
      <Notice kind="bad" title="The server cannot be reached." text="Check your connection.">
        <button class="button" onClick={() => location.reload()}>
          Try again
        </button>
      </Notice>
    </main>,
    root,
  );
});
