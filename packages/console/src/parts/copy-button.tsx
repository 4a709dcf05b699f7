/** Copies a text, and says so for a moment. */
import { useState } from 'react';
import { Check, Copy } from 'lucide-react';
import { time } from '../data/browser-time.ts';
import { IconButton } from './button.tsx';

const SHOWN_MS = 1_500;

export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [isCopied, setIsCopied] = useState(false);
  return (
    <IconButton
      label={isCopied ? 'Copied' : label}
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => {
          setIsCopied(true);
          time.after(SHOWN_MS, () => {
            setIsCopied(false);
          });
        });
      }}
    >
      {isCopied ? <Check size={15} /> : <Copy size={15} />}
    </IconButton>
  );
}
