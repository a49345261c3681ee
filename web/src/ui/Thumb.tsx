import { config } from "../lib/config";
import { IN_CATALOG } from "../lib/documents";

const LOCAL = /^(blob:|data:|\/)/;

/** Whether the page's security policy lets it show this address: the bucket, a host the deployer
 * named, or in the catalog's views any. */
export function showable(url: string): boolean {
  if (LOCAL.test(url)) return true;
  if (IN_CATALOG && config().anyCatalogImage && url.startsWith("https:")) return true;
  return [location.origin, ...config().imageOrigins].includes(new URL(url).origin);
}

/** An image of the catalog's, or its host's name where it may not be shown. */
export function Thumb({ url, alt }: { url: string | null; alt: string }) {
  if (!url) return <span class="thumb-none">{alt || null}</span>;
  if (!showable(url))
    return (
      <span class="thumb-none" title={url}>
        {alt || new URL(url).host}
      </span>
    );
  return <img src={url} alt={alt} loading="lazy" decoding="async" />;
}
