import { useRef } from "preact/hooks";

interface Props {
  url: string;
  alt: string;
  lazy?: boolean;
  onStale?: () => void;
}

/** An image whose signed address changes on every answer: it is not loaded again for that. */
export function SignedImage({ url, alt, lazy = true, onStale }: Props) {
  const shown = useRef<string | null>(null);
  const same = shown.current?.split("?")[0] === url.split("?")[0];
  if (!same) shown.current = url;
  const failed = () => {
    shown.current = null;
    onStale?.();
  };
  return (
    <img
      key={url.split("?")[0]}
      src={shown.current ?? url}
      alt={alt}
      loading={lazy ? "lazy" : "eager"}
      decoding="async"
      onError={failed}
    />
  );
}
