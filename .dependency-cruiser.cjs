/** Who may import whom; docs/architecture.md gives the reasons. */
const only = (from, to, comment) => ({
  name: `${from.replaceAll(/\W+/g, '-')}-imports`,
  comment,
  severity: 'error',
  from: { path: `^${from}/` },
  to: {
    path: '^(base|resp|cluster|proxy|dashboard|config-tool|jodis|scripts|test)/',
    pathNot: to.map((t) => `^${t}`),
  },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('base', ['base/'], 'base stands on nothing'),
    only('resp', ['resp/', 'base/'], ''),
    only('cluster', ['cluster/', 'base/'], ''),
    only('jodis', ['jodis/', 'base/', 'cluster/'], ''),
    only('proxy', ['proxy/', 'base/', 'resp/', 'cluster/'], ''),
    only('dashboard', ['dashboard/', 'base/', 'resp/', 'cluster/'], ''),
    only(
      'dashboard/web',
      ['dashboard/web/', 'dashboard/api/(live-|web-)?contract'],
      'what runs in browsers is no part of the server',
    ),
    {
      name: 'pages-import-types-alone',
      comment: 'the schemas stay in the server: the pages are not built anew for a change of it',
      severity: 'error',
      from: { path: '^dashboard/web/' },
      to: { path: '^dashboard/api/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'servers-import-no-pages',
      severity: 'error',
      from: { pathNot: '^(dashboard/web|test)/' },
      to: { path: '^dashboard/web/' },
    },
    only(
      'config-tool',
      [
        'config-tool/',
        'base/',
        'cluster/',
        'dashboard/api/contract',
        'dashboard/api/client',
        'dashboard/main',
      ],
      'the command line is a client of the REST API; main only starts the dashboard verb',
    ),
    only(
      'proxy/session',
      ['proxy/(session|operation|command|router|backend|io|request)', 'base/', 'resp/', 'cluster/'],
      '',
    ),
    only(
      'proxy/operation',
      ['proxy/(operation|command|router|backend|io|request)', 'base/', 'resp/', 'cluster/'],
      '',
    ),
    only('proxy/command', ['proxy/(command|request)', 'base/', 'resp/', 'cluster/'], ''),
    only('proxy/router', ['proxy/(router|backend|io|request)', 'base/', 'resp/', 'cluster/'], ''),
    only(
      'proxy/backend',
      ['proxy/(backend|io|request|command/command-row)', 'base/', 'resp/', 'cluster/'],
      '',
    ),
    only('proxy/topology', ['proxy/(topology|router)', 'base/', 'cluster/'], ''),
    {
      name: 'one-driver-file-zookeeper',
      severity: 'error',
      from: { pathNot: '^cluster/coordinator/zookeeper' },
      to: { path: 'node_modules/node-zookeeper-client' },
    },
    {
      name: 'one-driver-file-lmdb',
      severity: 'error',
      from: { pathNot: '^cluster/coordinator/embedded' },
      to: { path: 'node_modules/lmdb' },
    },
    {
      name: 'tests-stay-tests',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.d.ts'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
