import { useState } from "preact/hooks";
import type { Recipe } from "../lib/reading";
import { CAR_COLUMNS } from "../lib/sheet";
import { useAddress } from "../ui/address";
import { Title } from "../ui/Title";
import { SHEET_FIELDS } from "./importer/fields";
import { Importer } from "./importer/importer";
import { Welcome } from "./welcome";

const CARS: Recipe = { kind: "cars" };

export function CsvView() {
  const address = useAddress(SHEET_FIELDS);
  const [sample, setSample] = useState(0);
  return (
    <div class="view">
      <Title text="Car images from a sheet" tab="Cars" />
      {!address.fields.sheet && <Welcome onSample={() => setSample((n) => n + 1)} />}
      <Importer key={sample} recipe={CARS} address={address} columns={CAR_COLUMNS} />
    </div>
  );
}
