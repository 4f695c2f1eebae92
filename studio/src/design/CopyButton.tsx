import { useEffect, useState } from 'react';
import { useWords } from '../language/Language';
import { Button } from './Button';

const SHOWN_MILLISECONDS = 2000;

/** Copies a text, and says that it did. */
export function CopyButton({
  text,
  label,
  iconOnly = false,
  onCopied,
}: {
  text: string;
  label?: string;
  iconOnly?: boolean;
  onCopied?: () => void;
}) {
  const { actions } = useWords();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  // Browsers have no clipboard for pages that come without TLS from another machine.
  if (!('clipboard' in navigator)) return null;
  return (
    <Button
      kind={iconOnly ? 'quiet' : 'plain'}
      icon={isCopied ? 'check' : 'copy'}
      iconOnly={iconOnly}
      label={isCopied ? actions.copied : (label ?? actions.copy)}
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => {
          setCopied(true);
          onCopied?.();
        });
      }}
    />
  );
}
