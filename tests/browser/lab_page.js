// What a test does inside JupyterLab's page. `jupyterapp` is there because the server was told to expose it.
window.stitchnbTest = (() => {
  let panel = null;

  const within = (promise, timeout, what) => Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(
      () => reject(new Error(`${what} took longer than ${timeout / 1000} s`)), timeout)),
  ]);

  const idle = () => new Promise(resolve => {
    const session = panel.sessionContext;
    const look = () => {
      if (session.session?.kernel?.status === 'idle') {
        session.statusChanged.disconnect(look);
        resolve();
      }
    };
    session.statusChanged.connect(look);
    look();
  });

  // The kernel answers in order: once this is answered, so is everything that was sent before it.
  const settled = async () => {
    await panel.sessionContext.session.kernel.requestKernelInfo();
    await idle();
  };

  const open = async path => {
    await jupyterapp.restored;
    panel = await jupyterapp.commands.execute('docmanager:open', {path, factory: 'Notebook'});
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
    await panel.revealed;
    jupyterapp.shell.collapseLeft();
    jupyterapp.shell.activateById(panel.id);
  };

  const runAll = async () => {
    jupyterapp.shell.activateById(panel.id);
    // This promise ends at the first error, even at an announced one after which the run goes on.
    await jupyterapp.commands.execute('notebook:run-all-cells');
    await settled();
  };

  const outer = () => panel.content.node.querySelector('.jp-WindowedPanel-outer');

  // A widget's element does not tell its type, the model does.
  const outputs = mimeType => panel.content.widgets
    .filter(cell => cell.outputArea)
    .flatMap(({outputArea}) => outputArea.widgets.filter(
      (_, i) => !mimeType || mimeType in outputArea.model.get(i).data))
    .map(widget => widget.node);

  return {
    open: ({path, timeout}) => within(open(path), timeout, `opening ${path}`),
    runAll: ({timeout}) => within(runAll(), timeout, 'running all cells'),
    settled: ({timeout}) => within(settled(), timeout, 'waiting for an idle kernel'),
    shutDown: () => panel.sessionContext.shutdown(),
    restart: () => panel.sessionContext.restartKernel(),
    scrollTo: index => panel.content.scrollToItem(index, 'start'),
    setTheme: theme => jupyterapp.commands.execute('apputils:change-theme', {theme}),
    nextFrames: () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done()))),

    cells: () => panel.content.widgets.map((cell, index) => ({
      index,
      type: cell.model.type,
      source: cell.model.sharedModel.getSource(),
      tags: cell.model.getMetadata('tags') ?? [],
      count: cell.model.executionCount ?? null,
      outputs: cell.model.outputs ? cell.model.outputs.toJSON() : [],
    })),

    widgetsDrawn: () => !Array.from(panel.node.querySelectorAll('.jp-OutputArea-output'))
      .some(output => /^Loading widget/.test(output.textContent.trim())),

    heightOfAll: () => {
      const cells = outer().querySelectorAll('.jp-Cell');
      const first = cells[0].getBoundingClientRect();
      const last = cells[cells.length - 1].getBoundingClientRect();
      return Math.ceil(window.innerHeight - outer().clientHeight + last.bottom - first.top + 40);
    },

    sidewaysOverflow: mimeType => {
      const found = [];
      for (const output of outputs(mimeType)) {
        for (const element of [output, ...output.querySelectorAll('*')]) {
          const scrolls = ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
          if (scrolls && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1) {
            found.push(`${element.tagName.toLowerCase()}.${element.className}: ` +
              `${element.scrollWidth} px in ${element.clientWidth} px`);
          }
        }
      }
      return found;
    },
  };
})();
