/**
 * The catalog's views are a document of their own: its security policy lets it show images from
 * where the catalog has them. Links between it and the other views load the page anew.
 */
const CATALOG = /^\/variants(?:[/?]|$)/;

export const isCatalog = (path: string): boolean => CATALOG.test(path);

export const IN_CATALOG = isCatalog(location.pathname);

/** The addresses that this document shows itself. */
export const SCOPE = IN_CATALOG
  ? CATALOG
  : /^\/(?!variants(?:[/?]|$)|api\/|docs$|openapi\.json$|health$|[^/]*\.\w+$)/;
