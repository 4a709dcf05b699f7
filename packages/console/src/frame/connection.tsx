/** Whether what is on screen is current: a quiet sign while it is, a plain sentence while it is not. */
import { WifiOff } from 'lucide-react';
import { span } from '../core/moments.ts';
import { useLinkState, useLive, useNow } from '../data/use-live.ts';
import { Button } from '../parts/button.tsx';
import { Tooltip } from '../parts/tooltip.tsx';
import styles from './connection.module.css';

const WORDS = { connecting: 'Connecting', live: 'Live', lost: 'Connection lost' };

export function ConnectionSign() {
  const state = useLinkState();
  return (
    <Tooltip text={state === 'live' ? 'Changes are shown as they happen' : 'What is shown may be out of date'}>
      <span className={styles['sign']} data-state={state} role="status" tabIndex={0}>
        {WORDS[state]}
      </span>
    </Tooltip>
  );
}

export function ConnectionBanner() {
  const state = useLinkState();
  return state === 'lost' ? <LostBanner /> : null;
}

function LostBanner() {
  const { channel } = useLive();
  const now = useNow();
  const since = channel.lostSince() ?? now;
  return (
    <div className={styles['banner']} role="alert">
      <WifiOff size={16} aria-hidden />
      <span>
        No connection to the platform for {span(now - since)}. What you see is from before; it is renewed by itself.
      </span>
      <Button
        onClick={() => {
          channel.hurry();
        }}
      >
        Try now
      </Button>
    </div>
  );
}
