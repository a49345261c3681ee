import { describe, expect, test } from "vitest";
import { readAmount } from "../src/lib/amount";
import { abilities, type Model, toChoice } from "../src/lib/models";
import type { Reading, ReadRow } from "../src/lib/reading";
import {
  edited,
  merged,
  problemsOf,
  stemOf,
  stillFaulty,
  suggested,
  toCsv,
  withFaulty,
} from "../src/lib/sheet";
import { isWellFormed, nameOutOf, neededBy, variablesOf } from "../src/lib/template-text";

const row = (number: number, cells: string[], problems: ReadRow["problems"] = []): ReadRow => ({
  row: number,
  customId: `row-${number}`,
  prompt: "",
  file: "a.png",
  input: {},
  price: "0.05",
  cells,
  problems,
});
const ratio = { column: "aspect_ratio", value: "2:1", message: "must be", suggestion: "16:9" };

describe("a corrected sheet", () => {
  test("keeps the number of every row, blank lines included", () => {
    const text = toCsv(["make", "model"], [row(2, ["Audi", "A4"]), row(5, ["BMW", "i3"])], ";");
    expect(text).toBe("\ufeffmake;model\r\nAudi;A4\r\n\r\n\r\nBMW;i3\r\n");
  });

  test("quotes what would be read differently", () => {
    expect(toCsv(["a"], [row(2, ['say "x", y']), row(3, [" b"]), row(4, ["c\nd"])], ",")).toBe(
      '\ufeffa\r\n"say ""x"", y"\r\n" b"\r\n"c\nd"\r\n',
    );
  });

  test("has the edits, in cells that were not there as well", () => {
    const [changed] = edited([row(2, ["Audi"])], [{ row: 2, place: 2, value: "1:1" }]);
    expect(changed?.cells).toEqual(["Audi", "", "1:1"]);
  });

  test("has each row of overlapping pages once, in order", () => {
    expect(merged([row(2, []), row(9, []), row(3, []), row(9, [])]).map((one) => one.row)).toEqual([
      2, 3, 9,
    ]);
  });
});

describe("problems of cells", () => {
  const reading = { columns: ["Marke", "Ratio"], readAs: ["make", "aspect_ratio"] } as Reading;

  test("stand where the column is, and their suggestions are edits", () => {
    const found = problemsOf(reading, [row(3, ["Audi", "2:1"], [ratio])]);
    expect(found.map(({ row, place }) => [row, place])).toEqual([[3, 1]]);
    expect(suggested(found)).toEqual([{ row: 3, place: 1, value: "16:9" }]);
  });

  test("that only a workbook can have stay until the cell is written anew", () => {
    const faults = [4, 5].map((number) => ({ ...ratio, column: "make", row: number, place: 0 }));
    const left = stillFaulty(faults, [{ row: 4, place: 0, value: "Audi" }]);
    expect(left.map((one) => one.row)).toEqual([5]);
    expect(withFaulty([{ ...ratio, row: 5, place: 0 }], left)).toHaveLength(1);
  });
});

test.each([
  ["", ""],
  ["2.50", "2.50"],
  ["2,50", "2.50"],
  [" $1,200.50 ", "1200.50"],
  ["1.200,50", "1200.50"],
  ["1.000.000", null],
  [",5", "0.5"],
  ["1,000", null],
  ["ten", null],
  ["-1", null],
])("an amount written as %j is %j", (text, usd) => {
  const amount = readAmount(text);
  expect("usd" in amount ? amount.usd : null).toBe(usd);
});

test("a sheet's name is told from what makes it a sheet", () => {
  expect(["Spring.xlsx", "Spring-corrected.csv", "a.b.CSV"].map(stemOf)).toEqual([
    "Spring",
    "Spring",
    "a.b",
  ]);
});

describe("a template", () => {
  test("names its columns, and needs those outside a section of their own", () => {
    const text = "A {{colour}} chair{{#size}} in {{ size }}{{/size}}";
    expect(variablesOf(text)).toEqual(["colour", "size"]);
    expect(neededBy(text)).toEqual(["colour"]);
  });

  test("is well-formed once every brace is closed", () => {
    expect([isWellFormed("A {{colour}}"), isWellFormed("A {{col"), isWellFormed("}} b")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("has a name of letters, digits and hyphens", () => {
    expect([nameOutOf(" Möbel & Stühle "), nameOutOf("car-x")]).toEqual([
      "mo-bel-stu-hle",
      "my-car-x",
    ]);
  });
});

test("a choice of a model leaves out what is the server's", () => {
  expect(toChoice({ model: "", quality: "standard", fallback: [] })).toEqual({});
  expect(toChoice({ model: "a/b", quality: "hd", fallback: ["c/d"] })).toEqual({
    model: "a/b",
    quality: "hd",
    fallback: ["c/d"],
  });
});

test("what a model can make is said in one line", () => {
  const model = { aspectRatios: ["1:1"], maxImages: 1, supportsSeed: true, typicalSeconds: 6.4 };
  expect(abilities(model as Model)).toBe(
    "Ratios 1:1; up to 1 reference image; takes a seed; about 6 s an image",
  );
});
