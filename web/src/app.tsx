import { useEffect, useState } from "preact/hooks";
import { LocationProvider, Route, Router } from "preact-iso";
import { onSignedOut } from "./lib/api";
import { explain, signIn } from "./lib/auth";
import { SCOPE } from "./lib/documents";
import { ROUTES } from "./routes";
import { Notice } from "./ui/Problem";
import { Mark, Shell } from "./ui/Shell";
import { Title } from "./ui/Title";
import { VIEWS } from "./views";

/** A shared batch is a page of its own. */
const INSIDE = Object.entries(ROUTES).filter(([, view]) => view !== "shared");

export function App({ signedIn, problem }: { signedIn: boolean; problem: string | null }) {
  const [inside, setInside] = useState(signedIn);
  useEffect(() => onSignedOut(() => setInside(false)), []);
  if (!inside) return <SignIn problem={problem} />;
  return (
    <LocationProvider scope={SCOPE}>
      <Shell>
        <Router>
          {INSIDE.map(([path, view]) => (
            <Route key={view} path={path} component={VIEWS[view]} />
          ))}
          <Route default component={Nowhere} />
        </Router>
      </Shell>
    </LocationProvider>
  );
}

function Nowhere() {
  return (
    <div class="view">
      <Title text="Page not found" tab="Not found" />
      <p class="lead">
        <a href="/">Back to home</a>
      </p>
    </div>
  );
}

function SignIn({ problem: before }: { problem: string | null }) {
  const [problem, setProblem] = useState(before);
  const [leaving, setLeaving] = useState(false);
  const start = () => {
    setLeaving(true);
    signIn().catch((error: Error) => {
      setProblem(explain(error));
      setLeaving(false);
    });
  };
  return (
    <main class="door">
      <Mark />
      <h1>imagebatch</h1>
      <p class="lead">Submit a sheet, get one image per row.</p>
      {problem && <Notice kind="bad" title="Sign-in failed." text={problem} />}
      <button class="button main" disabled={leaving} onClick={start}>
        Sign in
      </button>
    </main>
  );
}
