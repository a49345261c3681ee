import { useRef } from "preact/hooks";

interface Props {
  url: string;
  alt: string;
  lazy?: boolean;
  /** Before the others: it is in view when the page opens. */
  first?: boolean;
  onArrived?: () => void;
  onStale?: () => void;
}

/** An image whose signed address changes on every answer: it is not loaded again for that. */
export function SignedImage(props: Props) {
  const { url, alt, lazy = true, first = false, onArrived, onStale } = props;
  const shown = useRef<string | null>(null);
  const same = shown.current?.split("?")[0] === url.split("?")[0];
  if (!same) shown.current = url;
  const failed = () => {
    shown.current = null;
    onArrived?.();
    onStale?.();
  };
  return (
    <img
      key={url.split("?")[0]}
      loading={lazy && !first ? "lazy" : "eager"}
      fetchPriority={first ? "high" : "auto"}
      src={shown.current ?? url}
      alt={alt}
      decoding={first ? "sync" : "async"}
      onLoad={onArrived}
      onError={failed}
    />
  );
}
