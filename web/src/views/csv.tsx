import { config } from "../lib/config";
import { count } from "../lib/format";
import type { Recipe } from "../lib/reading";
import { CAR_COLUMNS } from "../lib/sheet";
import { useAddress } from "../ui/address";
import { Title } from "../ui/Title";
import { SHEET_FIELDS } from "./importer/fields";
import { Importer } from "./importer/importer";

const CARS: Recipe = { kind: "cars" };

export function CsvView() {
  const address = useAddress(SHEET_FIELDS);
  const { maxRows, workerConcurrency } = config();
  return (
    <div class="view">
      <Title text="Car images from a sheet" tab="Cars" />
      {!address.fields.sheet && (
        <p class="lead">
          Upload CSV (max {count(maxRows)} rows) with columns: make, model, body_style, trim, year,
          color, background (white/hub), aspect_ratio (1:1,16:9,9:16,4:3,3:4). The batch runs{" "}
          {workerConcurrency} images in parallel. You'll receive a ZIP when finished. Failed rows
          recorded in failed_rows.json.{" "}
          <a href="/cars-template.csv" download>
            Download a template
          </a>
        </p>
      )}
      <Importer recipe={CARS} address={address} columns={CAR_COLUMNS} />
    </div>
  );
}
