// A replication job while it runs. Its numbers change many times a second and are not announced; its state is.

class MonitorView {
  constructor(model, el) {
    this.model = model;
    this.line = new Line(model, { heard: () => this.drawFooter(), changed: () => this.draw() });
    this.name = h("code");
    this.chip = h("span", { class: "sn-chip" });
    this.steps = h("ol", { class: "sn-steps", "aria-label": "Parts of the job" });
    this.hint = h("p", { class: "sn-hint" });
    this.streams = new StreamTable();
    this.log = h("pre", { role: "log", "aria-live": "off", "aria-label": "The end of the log" });
    this.notice = h("p", { class: "sn-notice", role: "status" });
    this.summary = h("div", { class: "sn-summary" });
    this.buttons = h("div", { class: "sn-actions" });
    this.said = h("p", { class: "sn-unseen", role: "status" });
    const body = h("div", { class: "sn-body sn-job" }, this.hint, this.streams.element, this.log);
    this.card = h(
      "section",
      { class: "sn-card sn-monitor" },
      h("header", {}, h("b", {}, "Job"), this.name, this.chip),
      this.steps,
      body,
      this.line.silence,
      this.notice,
      h("footer", {}, this.summary, this.buttons),
      this.said,
    );
    el.classList.add("stitchnb");
    el.replaceChildren(this.card);
    this.draw();
  }

  get content() {
    return this.model.get("_content");
  }

  draw() {
    const { name, chip: told, steps, streams, log, hint, notice } = this.content;
    this.card.setAttribute("aria-label", `Job ${name}`);
    setText(this.name, name);
    setText(this.chip, told[0]);
    this.chip.className = `sn-chip sn-${told[1]}`;
    setText(this.said, `The job is ${told[0]}.`);
    drawSteps(this.steps, steps);
    this.hint.hidden = hint === "";
    setText(this.hint, hint);
    this.streams.draw(streams);
    this.log.hidden = log.length === 0;
    setText(this.log, log.join("\n"));
    this.notice.hidden = notice.length === 0;
    this.notice.className = `sn-notice sn-${notice[1]}`;
    setText(this.notice, notice[0] ?? "");
    this.drawFooter();
  }

  drawFooter() {
    const { actions, summary } = this.content;
    setText(this.summary, this.line.busy ? "Loading…" : summary);
    const facts = JSON.stringify(actions.map(({ name, text }) => [name, text]));
    if (this.buttons.dataset.facts !== facts) {
      this.buttons.dataset.facts = facts;
      const hadFocus = this.buttons.contains(document.activeElement);
      this.buttons.replaceChildren(...actions.map((action) => this.makeButton(action)));
      if (hadFocus) this.giveFocus();
    }
    [...this.buttons.children].forEach((button, i) => {
      button.setAttribute("aria-disabled", String(this.line.busy || actions[i].off));
    });
  }

  // The button that was pressed is gone: the focus goes to the next one, or to what is told of the outcome.
  giveFocus() {
    const next = this.buttons.firstElementChild ?? this.notice;
    if (next === this.notice) this.notice.tabIndex = -1;
    next.focus({ preventScroll: true });
  }

  makeButton({ name, text }) {
    const press = () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      this.line.send("press", { name }, "long");
      this.drawFooter();
    };
    const button = h("button", { type: "button", "data-name": name, onclick: press }, text);
    return button;
  }

  close() {
    this.line.close();
  }
}

function render({ model, el }) {
  const view = new MonitorView(model, el);
  return () => view.close();
}

export default { render };
