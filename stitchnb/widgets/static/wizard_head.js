// The upper end of a wizard: header and stepper. A step that one can go to is a button.

const MOMENTS_MS = [60, 250, 800];

class HeadView {
  constructor(model, el) {
    this.model = model;
    this.shown = null;
    this.wasInside = false;
    this.line = new Line(model, { changed: () => this.draw() });
    this.el = el;
    this.header = h("header", { tabindex: "-1", role: "group", "data-lm-suppress-shortcuts": "true" });
    this.steps = h("ol", { class: "sn-steps" });
    this.nav = h("nav", { "aria-label": "Steps" }, this.steps);
    this.banner = h("p", { class: "sn-banner" });
    this.error = h("div", { class: "sn-notice sn-error", role: "alert" });
    el.classList.add("stitchnb");
    el.replaceChildren(
      h("div", { class: "sn-card sn-part-of-card" }, this.header, this.banner, this.nav, this.error, this.line.silence),
    );
    this.noticing = (event) => (this.wasInside = this.root?.contains(event.target) ?? false);
    document.addEventListener("focusin", this.noticing);
    this.draw();
  }

  get root() {
    return this.el.closest(".sn-wizard");
  }

  draw() {
    const { title, code, chip: state, banner, steps, error } = this.model.get("_content");
    this.header.replaceChildren(...[h("b", {}, title), code ? h("code", {}, code) : null, chip(state.text, state.tone)].filter(Boolean));
    setText(this.banner, banner);
    this.banner.hidden = banner === "";
    setText(this.error, error);
    this.error.hidden = error === "";
    drawSteps(this.steps, steps, {}, (name) => this.line.send("go", { name }, "long"));
    const at = steps.findIndex((step) => step.shown);
    if (at < 0) return;
    this.header.setAttribute("aria-label", `${title}, step ${at + 1} of ${steps.length}: ${steps[at].title}`);
    if (this.shown !== null && this.shown !== at && this.wasInside) MOMENTS_MS.forEach((ms) => setTimeout(() => this.catchFocus(), ms));
    this.shown = at;
  }

  // What had the focus went with the step before. Then it begins anew at the top, where the step is told.
  catchFocus() {
    if (document.activeElement === document.body && this.wasInside) this.header.focus({ preventScroll: true });
  }

  close() {
    document.removeEventListener("focusin", this.noticing);
    this.line.close();
  }
}

function render({ model, el }) {
  const view = new HeadView(model, el);
  return () => view.close();
}

export default { render };
