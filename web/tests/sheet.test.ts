import { describe, expect, test } from "vitest";
import { decode, readSheet, withServerVerdict } from "../src/lib/sheet";

const HEADER = "make,model,background,aspect_ratio";
const read = (text: string, maxRows = 50) => readSheet(text, maxRows);

describe("a sheet read in the browser", () => {
  test("numbers its rows as a spreadsheet does, blank lines counted and skipped", () => {
    const { rows } = read(
      `${HEADER}\r\nToyota,Corolla,white,1:1\r\n\r\n,,,\r\nFord,F-150,hub,16:9\r\n`,
    );
    expect(rows.map(({ row, cells }) => [row, cells[0]])).toEqual([
      [2, "Toyota"],
      [5, "Ford"],
    ]);
  });

  test("marks unknown and repeated columns, whatever their case", () => {
    const { columns } = read("Make,MODEL,price,make\nToyota,Corolla,1,x");
    expect(columns.map(({ name, known, repeated }) => [name, known, repeated])).toEqual([
      ["Make", true, false],
      ["MODEL", true, false],
      ["price", false, false],
      ["make", true, true],
    ]);
  });

  test("names each value that is not allowed, with what is", () => {
    const { problems, faults } = read(`${HEADER}\nToyota,Corolla,garage,1:1\nFord,F-150,HUB,2:1\n`);
    expect(faults).toEqual([]);
    expect(problems).toEqual([
      { row: 2, column: "background", value: "garage", message: "must be one of white, hub" },
      {
        row: 3,
        column: "aspect_ratio",
        value: "2:1",
        message: "must be one of 1:1, 16:9, 9:16, 4:3, 3:4",
      },
    ]);
  });

  test("names a custom_id that is used twice and one that is too long", () => {
    const { problems } = read(`make,custom_id\na,x\nb,x\nc,${"y".repeat(65)}\n`);
    expect(problems.map(({ row }) => row)).toEqual([3, 4]);
  });

  test.each([
    ["no row below the header", `${HEADER}\n`, "No data rows found"],
    ["nothing but white space", " \n ", "No data rows found"],
    [
      "more rows than the limit",
      `${HEADER}\n${"a,b,white,1:1\n".repeat(55)}`,
      "Row limit exceeded (max 50)",
    ],
    ["ragged rows", `${HEADER}\nToyota,Corolla\n`, "Row 2 has 2 values, the header has 4"],
    ["an open quotation mark", `${HEADER}\n"Toyota,Corolla,white,1:1\n`, "quotation mark"],
    ["no known column", "colour,brand\nred,Ford\n", "None of the columns is known"],
  ])("cannot be sent with %s", (_, text, words) => {
    expect(read(text).faults.join(" ")).toContain(words);
  });

  test.each([[";"], ["\t"]])("is read with %j between the values", (delimiter) => {
    const { columns, faults } = read(
      `${HEADER}\nToyota,Corolla,white,1:1\n`.replaceAll(",", delimiter),
    );
    expect([columns.length, faults]).toEqual([4, []]);
  });

  test("is read as spreadsheets export it: UTF-8 with its mark, UTF-16, Windows-1252", () => {
    const utf16 = new Uint8Array([0xff, 0xfe, 0x45, 0x00, 0xe9, 0x00]);
    expect(decode(new TextEncoder().encode("\ufeffmake"))).toBe("make");
    expect(decode(utf16)).toBe("Eé");
    expect(decode(new Uint8Array([0x45, 0xe9]))).toBe("Eé");
  });
});

describe("the server's verdict", () => {
  const quote = (items: object[]) =>
    ({ total: 2, estimatedCost: "0", mode: "live", warnings: [], items }) as never;
  const local = [
    { row: 2, column: "background", value: "Hub ", message: "must be one of white, hub" },
  ];

  test("wins over a value that was found wrong here", () => {
    expect(withServerVerdict(local, quote([{ row: 2 }, { row: 3 }]))).toEqual([]);
  });

  test("adds a row that was found right here", () => {
    const found = withServerVerdict(
      local,
      quote([
        { row: 3, code: "invalid_input", reason: "too long" },
        { row: 2, code: "invalid_input", reason: "x" },
      ]),
    );
    expect(found.map(({ row, message }) => [row, message])).toEqual([
      [2, "must be one of white, hub"],
      [3, "too long"],
    ]);
  });
});
