import { config } from "../lib/config";
import { count } from "../lib/format";
import { handOver } from "../lib/handover";
import { useAction } from "../ui/hooks";
import { Problem } from "../ui/Problem";

const TEMPLATE = "/cars-template.csv";
const SAMPLES = [
  { file: "corolla.svg", name: "Toyota Corolla 2024", how: "white, 4:3", width: 480, height: 360 },
  { file: "f-150.svg", name: "Ford F-150 2023", how: "hub, 16:9", width: 640, height: 360 },
  { file: "civic.svg", name: "Honda Civic 2025", how: "white, 1:1", width: 400, height: 400 },
];
const COLUMNS = [
  { name: "make" },
  { name: "model" },
  { name: "body_style" },
  { name: "trim" },
  { name: "year" },
  { name: "color" },
  { name: "background", values: "white/hub" },
  { name: "aspect_ratio", values: "1:1,16:9,9:16,4:3,3:4" },
];

/** The first screen: what is made of what, and three ways to begin. */
export function Welcome({ onSample }: { onSample: () => void }) {
  const { maxRows, workerConcurrency } = config();
  const sample = useAction(async () => {
    const response = await fetch(TEMPLATE);
    if (!response.ok) throw new Error("The sample sheet could not be loaded.");
    handOver({ name: "3 sample cars.csv", text: await response.text() });
    onSample();
  });
  return (
    <section class="welcome" aria-label="Example result">
      <ul class="samples">
        {SAMPLES.map(({ file, name, how, width, height }) => (
          <li key={file} class={`sample-${width}-${height}`}>
            <img src={`/samples/${file}`} alt="" width={width} height={height} />
            <p>
              {name} <span class="muted">{how}</span>
            </p>
          </li>
        ))}
      </ul>
      <p class="lead">
        Upload CSV (max {count(maxRows)} rows) with columns:{" "}
        {COLUMNS.map(({ name, values }, at) => (
          <span key={name}>
            {at > 0 && ", "}
            <code class="chip">{name}</code>
            {values && ` (${values})`}
          </span>
        ))}
        . The batch runs {count(workerConcurrency)} images in parallel. You'll receive a ZIP when
        finished. Failed rows recorded in failed_rows.json.
      </p>
      <div class="row">
        <button class="button" disabled={sample.busy} onClick={() => void sample.run()}>
          Try 3 sample cars
        </button>
        <a class="button quiet" href={TEMPLATE} download>
          Download a template
        </a>
        <a class="button quiet" href="/docs">
          API docs
        </a>
      </div>
      <Problem error={sample.error} />
      <small class="muted">The images above are drawings, one for each row of the template.</small>
    </section>
  );
}
