/** Headers of other languages, offered to a person who then decides. */
const WORDS: Record<string, string> = {
  make: "marke hersteller marque fabricant marca fabricante merk manufacturer brand",
  model: "modell modèle modele modelo modello",
  body_style: "karosserie karosserieform aufbau carrosserie carrocería carroceria carrozzeria body",
  trim: "ausstattung ausstattungslinie finition acabado allestimento variante uitvoering",
  year: "baujahr modelljahr jahr année annee millésime año anno ano jaar",
  color: "farbe aussenfarbe außenfarbe couleur color colore cor kleur colour exterior",
  background: "hintergrund fond fondo sfondo fundo achtergrond",
  aspect_ratio: "seitenverhältnis seitenverhaeltnis bildformat ratio proporción proporzioni",
  custom_id: "kennung artikelnummer fahrzeugnummer identifiant referencia sku",
  reference: "referenzbild bild vorlage foto photo image",
};

const BY_WORD = new Map(
  Object.entries(WORDS).flatMap(([column, words]) =>
    words.split(" ").map((word) => [word, column] as const),
  ),
);

export const guessColumn = (header: string): string | undefined =>
  BY_WORD.get(header.trim().toLowerCase());
