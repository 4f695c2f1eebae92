import { useEffect, useRef, useState } from 'react';
import { thumbHashToRGBA } from 'thumbhash';
import { classes } from '../design/classes';
import styles from './Picture.module.css';

/** Seconds to wait before each further attempt: the server makes only so many sizes at once. */
const RETRY_SECONDS = [1, 2, 4, 8];
/** Tiles that scroll past faster than this are never requested. */
const SETTLED_MILLISECONDS = 100;

/** An image over its placeholder. It retries while the server is busy. */
export function Picture({
  url,
  placeholder,
  alt,
  fit = 'cover',
  isLazy = false,
  onExpired,
}: {
  /** Null for a deleted image, whose address does not answer. */
  url: string | null;
  /** A ThumbHash in base64. */
  placeholder: string;
  alt: string;
  fit?: 'cover' | 'contain';
  /** Whether to load only once scrolling has stopped. */
  isLazy?: boolean;
  /** Called when the address no longer works: a signed one is valid for an hour. */
  onExpired?: () => void;
}) {
  const [isSettled, setSettled] = useState(!isLazy);
  const [isLoaded, setLoaded] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), SETTLED_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      clearTimeout(waiting.current);
    };
  }, []);
  useEffect(() => {
    setLoaded(false);
    setAttempt(0);
  }, [url]);

  function tryAgain() {
    const seconds = RETRY_SECONDS[attempt];
    if (seconds === undefined) onExpired?.();
    else waiting.current = setTimeout(() => setAttempt(attempt + 1), seconds * 1000);
  }

  return (
    <span className={classes(styles.picture, styles[fit])}>
      <Placeholder hash={placeholder} />
      {isSettled && url !== null && (
        <img
          key={`${attempt} ${url}`}
          ref={cancelled}
          src={url}
          alt={alt}
          decoding="async"
          draggable={false}
          className={isLoaded ? styles.loaded : undefined}
          onLoad={() => setLoaded(true)}
          onError={tryAgain}
        />
      )}
    </span>
  );
}

/** Stops loading an image that is removed: otherwise browsers continue, one after another. */
function cancelled(image: HTMLImageElement): () => void {
  return () => {
    if (!image.complete) image.removeAttribute('src');
  };
}

/** Draws a ThumbHash: on a canvas, because the policy allows no image without an address. */
function Placeholder({ hash }: { hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!canvas.current || !context || !hash) return;
    const { w, h, rgba } = thumbHashToRGBA(Uint8Array.from(atob(hash), (byte) => byte.charCodeAt(0)));
    canvas.current.width = w;
    canvas.current.height = h;
    context.putImageData(new ImageData(new Uint8ClampedArray(rgba), w, h), 0, 0);
  }, [hash]);
  return <canvas ref={canvas} width="1" height="1" aria-hidden="true" />;
}
