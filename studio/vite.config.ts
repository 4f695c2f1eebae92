import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';
import { operationPages } from './build/operation-pages';
import { precompress } from './build/precompress';

export default defineConfig({
  // The server puts its own path before these addresses: it may be served beneath one.
  base: './',
  plugins: [react(), operationPages('../docs/operations'), precompress()],
  // The client is a workspace, and is built with the pages from its sources.
  resolve: { conditions: ['gql-server-source', ...defaultClientConditions] },
  build: {
    outDir: '../gql_server/pages/static',
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows files, and nothing inline
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 5000, // the editor is one large chunk
    rolldownOptions: {
      input: { index: 'index.html', playground: 'playground.html' },
      checks: { pluginTimings: false },
      onLog: (level, log, report) => {
        // React's compiler marks modules with directives that a bundle does not need.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log);
      },
    },
  },
  worker: { format: 'es' },
});
