// The last jobs of a source, and the buttons to start one.

class JobsView {
  constructor(model, el) {
    this.model = model;
    this.line = new Line(model, { heard: () => this.drawFooter(), changed: () => this.draw() });
    this.words = h("p", { class: "sn-hint" });
    this.rowsHead = h("th", { scope: "col", class: "sn-number" }, "Rows");
    this.body = h("tbody");
    const heads = ["Started (UTC)", "State"].map((words) => h("th", { scope: "col" }, words));
    const took = h("th", { scope: "col", class: "sn-number" }, "Took");
    this.table = h(
      "table",
      { class: "sn-runs" },
      h("caption", { class: "sn-unseen" }, "The last jobs, the newest first"),
      h("thead", {}, h("tr", {}, ...heads, took, this.rowsHead)),
      this.body,
    );
    this.trouble = h("p", { class: "sn-notice sn-error", role: "alert" });
    this.summary = h("div", { class: "sn-summary", role: "status" });
    this.buttons = h("div", { class: "sn-actions" });
    const heading = h("h2", { id: uniqueId("sn") }, "Jobs");
    el.classList.add("stitchnb");
    el.replaceChildren(
      h(
        "section",
        { class: "sn-card sn-source-jobs", "aria-labelledby": heading.id },
        h("header", {}, heading),
        h("div", { class: "sn-body" }, this.words, this.table),
        this.trouble,
        this.line.silence,
        h("footer", {}, this.summary, this.buttons),
      ),
    );
    this.draw();
  }

  get content() {
    return this.model.get("_content");
  }

  draw() {
    const { runs, tells_rows: tellsRows, words, trouble } = this.content;
    setText(this.words, words);
    this.words.hidden = words === "";
    this.table.hidden = runs.length === 0;
    this.rowsHead.hidden = !tellsRows;
    const facts = JSON.stringify(runs);
    if (this.facts !== facts) {
      this.facts = facts;
      this.body.replaceChildren(...runs.map((run) => this.row(run, tellsRows)));
    }
    setText(this.trouble, trouble);
    this.trouble.hidden = trouble === "";
    this.drawFooter();
  }

  row({ started, state, tone, took, rows, failure }, tellsRows) {
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, started),
      h("td", {}, chip(state, tone), failure ? h("small", {}, failure) : null),
      h("td", { class: "sn-number" }, took),
      tellsRows ? h("td", { class: "sn-number" }, rows ?? "") : null,
    );
  }

  drawFooter() {
    const { actions, summary } = this.content;
    setText(this.summary, this.line.busy ? "Loading…" : summary);
    const names = JSON.stringify(actions.map(({ name, text }) => [name, text]));
    if (this.buttons.dataset.names !== names) {
      this.buttons.dataset.names = names;
      this.buttons.replaceChildren(...actions.map((action) => this.makeButton(action)));
    }
    actions.forEach(({ off }, i) => this.buttons.children[i].setAttribute("aria-disabled", String(off || this.line.busy)));
  }

  makeButton({ name, text }) {
    const press = () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      this.line.send("press", { name }, "long");
      this.drawFooter();
    };
    const button = h("button", { type: "button", onclick: press }, text);
    return button;
  }

  close() {
    this.line.close();
  }
}

function render({ model, el }) {
  const view = new JobsView(model, el);
  return () => view.close();
}

export default { render };
