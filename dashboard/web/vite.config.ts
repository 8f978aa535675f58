import { defineConfig } from 'vite';

// Also when the tests have it built: with their value the libraries bring what is for developers.
process.env.NODE_ENV = 'production';

/**
 * The pages of the dashboard, into `dist/web`. Everything is in the package: nothing is loaded from
 * elsewhere, and no script or style is inside the document, so its security policy may forbid both.
 */
export default defineConfig({
  root: import.meta.dirname,
  // Relative, so that the pages work at /, at /admin and behind a proxy's prefix.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    // light-dark() and nesting of CSS are what these understand first.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: false,
    // An image inside of a style sheet would need an exception of the policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
