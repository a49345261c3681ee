import { useEffect, useState } from "preact/hooks";
import { LocationProvider, Route, Router } from "preact-iso";
import { onSignedOut } from "./lib/api";
import { explain, signIn } from "./lib/auth";
import { SCOPE } from "./lib/documents";
import { Notice } from "./ui/Problem";
import { Mark, Shell } from "./ui/Shell";
import { Title } from "./ui/Title";
import { BatchView } from "./views/batch";
import { BatchesView } from "./views/batches";
import { CsvView } from "./views/csv";
import { FolderView } from "./views/folder";
import { PromptsView } from "./views/prompts";
import { SheetsView } from "./views/sheets";
import { VariantView } from "./views/variant";
import { VariantsView } from "./views/variants";

export function App({ signedIn, problem }: { signedIn: boolean; problem: string | null }) {
  const [inside, setInside] = useState(signedIn);
  useEffect(() => onSignedOut(() => setInside(false)), []);
  if (!inside) return <SignIn problem={problem} />;
  return (
    <LocationProvider scope={SCOPE}>
      <Shell>
        <Router>
          <Route path="/" component={CsvView} />
          <Route path="/csv" component={CsvView} />
          <Route path="/sheets" component={SheetsView} />
          <Route path="/prompts" component={PromptsView} />
          <Route path="/variants" component={VariantsView} />
          <Route path="/variants/:id" component={VariantView} />
          <Route path="/batches" component={BatchesView} />
          <Route path="/batches/:id" component={BatchView} />
          <Route path="/folders/:id" component={FolderView} />
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
