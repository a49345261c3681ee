/** An amount in USD as people write it, or what is wrong with it. */
export type Amount = { usd: string } | { fault: string };

const PLAIN = /^\d{1,6}(\.\d{1,6})?$/;

/** `2.50`, `2,50`, `$1,200.50` and `1.200,50` are amounts; `1,000` could be two. */
export function readAmount(text: string): Amount {
  const bare = text.replace(/[\s\u00a0$]|USD/gi, "");
  if (!bare) return { usd: "" };
  if (/^\d{1,3},\d{3}$/.test(bare)) {
    const whole = bare.replace(",", "");
    return { fault: `Write ${whole} or ${bare.replace(",", ".")}: “${bare}” could be either.` };
  }
  const usd = withPoint(bare);
  if (PLAIN.test(usd)) return { usd };
  return { fault: "Write an amount in USD, such as 2.50." };
}

/** The last separator is the decimal one; those before it group digits. */
function withPoint(text: string): string {
  const grouped = /^\d{1,3}([.,])\d{3}(\1\d{3})*(?:([.,])(\d{1,6}))?$/.exec(text);
  const [, group, repeated, decimal, cents] = grouped ?? [];
  if (grouped && (repeated || (decimal && decimal !== group))) {
    const end = cents ? text.length - cents.length - 1 : text.length;
    return `${text.slice(0, end).replace(/[.,]/g, "")}${cents ? `.${cents}` : ""}`;
  }
  const leading = text.startsWith(".") || text.startsWith(",") ? `0${text}` : text;
  return leading.replace(",", ".");
}
