/** Starts the console. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { Tooltip } from 'radix-ui';
import './tokens.css';
import './base.css';
import { time } from './data/browser-time.ts';
import { Live } from './data/live.ts';
import { queryClient } from './data/query-client.ts';
import { LiveContext } from './data/use-live.ts';
import { allowOwnStyles } from './data/style-nonce.ts';
import { applyTheme } from './frame/theme.ts';
import { createConsoleRouter } from './router.tsx';

applyTheme();
allowOwnStyles();
const live = new Live(queryClient, time);
live.start();
const root = document.getElementById('root');
if (root === null) throw new Error('The page has no place for the console');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <LiveContext value={live}>
        <Tooltip.Provider>
          <RouterProvider router={createConsoleRouter()} />
        </Tooltip.Provider>
      </LiveContext>
    </QueryClientProvider>
  </StrictMode>,
);
