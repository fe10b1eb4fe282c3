// What a test does inside JupyterLab's page. `jupyterapp` is there because the server was told to expose it.
window.stitchnbTest = (() => {
  let panel = null;

  // Everything that goes over the page's connections to kernels.
  const messages = {sent: [], received: []};
  const asText = data => typeof data === 'string' ? data : new TextDecoder().decode(data);
  window.WebSocket = class extends WebSocket {
    constructor(...address) {
      super(...address);
      this.addEventListener('message', ({data}) => messages.received.push(asText(data)));
    }

    send(data) {
      messages.sent.push(asText(data));
      super.send(data);
    }
  };

  const within = (promise, timeout, what) => Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(
      () => reject(new Error(`${what} took longer than ${timeout / 1000} s`)), timeout)),
  ]);

  const nextFrames = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())));

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

  // A kernel answers in order, and so does each of its subshells, to which Lab sends what widgets say: once these
  // questions are answered, so is everything that was sent before them.
  const settled = async () => {
    const {kernel} = panel.sessionContext.session;
    const ask = subshell_id => kernel.sendShellMessage({
      buffers: [], channel: 'shell', content: {}, metadata: {}, parent_header: {},
      header: {
        date: new Date().toISOString(), msg_id: crypto.randomUUID(), msg_type: 'kernel_info_request',
        session: kernel.clientId, subshell_id, username: kernel.username, version: '5.2',
      },
    }, true).done;
    const subshells = new Set([...kernel._comms.values()].map(comm => comm.subshellId));
    await Promise.all([...subshells.add(null)].map(ask));
    await idle();
    // Lab gives the active cell the focus as soon as that cell is drawn, which may be later than its run.
    await panel.content.activeCell?.ready;
    await nextFrames();
  };

  const open = async (path, kernel) => {
    panel = await jupyterapp.commands.execute(
      'docmanager:open', {path, factory: 'Notebook', ...(kernel ? {kernel: {id: kernel}} : {})});
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
    await panel.revealed;
    jupyterapp.shell.collapseLeft();
    jupyterapp.shell.activateById(panel.id);
  };

  // While Lab loads a theme it covers the page, and the cover must be gone before the next one comes.
  const setTheme = async theme => {
    await jupyterapp.commands.execute('apputils:change-theme', {theme});
    while (document.getElementById('jupyterlab-splash')) await new Promise(requestAnimationFrame);
  };

  // Puts another notebook into the panel that is open.
  const fill = async notebook => {
    const {content} = panel;
    content.model.fromJSON(notebook);
    content.mode = 'command';
    content.activeCellIndex = 0;
    await nextFrames();
  };

  // Runs code without a cell, and gives what it printed.
  const execute = async code => {
    const printed = [];
    const future = panel.sessionContext.session.kernel.requestExecute({code, store_history: false});
    future.onIOPub = ({header, content}) => {
      if (header.msg_type === 'stream' && content.name === 'stdout') printed.push(content.text);
      if (header.msg_type === 'error') printed.push(content.traceback.join('\n'));
    };
    const {content} = await future.done;
    if (content.status !== 'ok') throw new Error(printed.join(''));
    return printed.join('');
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
    restored: () => jupyterapp.restored.then(() => null),
    open: ({path, kernel, timeout}) => within(open(path, kernel), timeout, `opening ${path}`),
    fill,
    close: () => panel.dispose(),
    execute: ({code, timeout}) => within(execute(code), timeout, 'running code'),
    messages: () => messages,
    clearMessages: () => Object.values(messages).forEach(all => { all.length = 0; }),
    runAll: ({timeout}) => within(runAll(), timeout, 'running all cells'),
    settled: ({timeout}) => within(settled(), timeout, 'waiting for an idle kernel'),
    shutDown: () => panel.sessionContext.shutdown(),
    restart: () => panel.sessionContext.restartKernel(),
    scrollTo: index => panel.content.scrollToItem(index, 'start'),
    setTheme,
    nextFrames,

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
