// Source types as tiles. Searching and filtering happens here alone; what is chosen, the kernel is told.

const PUNCTUATION = /[^a-z0-9]+/g;

function plain(text) {
  return text.toLowerCase().replace(PUNCTUATION, " ").trim();
}

class GalleryView {
  constructor(model, el) {
    this.content = model.get("_content");
    this.line = new Line(model);
    this.kind = "";
    this.tiles = this.content.types.map((type) => this.makeTile(type));
    const id = uniqueId("sn");
    this.search = h("input", {
      id,
      type: "search",
      autocomplete: "off",
      spellcheck: "false",
      placeholder: "such as Recurly",
      oninput: () => this.filter(),
      onkeydown: (event) => this.pressed(event),
    });
    this.count = h("span", { class: "sn-count", role: "status" });
    const kinds = [["", "All"], ...this.content.kinds].map(([kind, title]) => this.makeKind(kind, title));
    this.closed = h("input", { type: "checkbox", onchange: () => this.filter() });
    const tools = h(
      "div",
      { class: "sn-tools" },
      h("div", { class: "sn-search" }, h("label", { for: id }, "Search"), this.search),
      h("div", { class: "sn-kinds", role: "group", "aria-label": "Kind of source" }, ...kinds),
      h("label", { class: "sn-closed" }, this.closed, "Show unavailable types"),
      this.count,
    );
    this.list = h("ul", { class: "sn-tiles" }, ...this.tiles.map(({ element }) => element));
    this.none = h("p", { class: "sn-none", hidden: true }, "No source types match. Try a shorter word, or all categories.");
    const body = h("div", { class: "sn-body" }, tools, this.list, this.none);
    el.classList.add("stitchnb");
    el.replaceChildren(
      h("section", { class: "sn-card sn-part-of-card sn-gallery", "aria-label": "Source types" }, body, this.line.silence),
    );
    this.filter();
  }

  makeKind(kind, title) {
    const choose = () => {
      this.kind = kind;
      for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
      this.filter();
    };
    const pressed = String(kind === this.kind);
    const button = h("button", { type: "button", class: "sn-small", "aria-pressed": pressed, onclick: choose }, title);
    return button;
  }

  makeTile(type) {
    const choose = (name) => this.line.send("choose", { value: name }, "long");
    const words = h(
      "span",
      { class: "sn-name" },
      h("b", {}, type.title),
      apiName(type.type),
      type.refusal ? h("small", {}, type.refusal) : null,
    );
    const states = [type.state && type.state !== "released" ? chip(type.state, type.tone) : null, chip(type.tier, "mute")];
    const chips = h("span", { class: "sn-chips" }, ...states);
    const look = { type: "button", class: "sn-tile", "aria-disabled": type.refusal ? "true" : null };
    const button = h("button", { ...look, onclick: () => (type.refusal ? null : choose(type.type)) }, words, chips);
    const instead = type.upgrade
      ? h("button", { type: "button", class: "sn-link", onclick: () => choose(type.upgrade.type) }, `Use ${type.upgrade.title}`)
      : null;
    instead?.setAttribute("aria-label", `Use ${type.upgrade.title} (${type.upgrade.type}) instead of ${type.type}`);
    const kindWords = this.content.kinds.find(([kind]) => kind === type.kind)?.[1] ?? "";
    const told = [type.title, type.type, kindWords, type.kind, type.state ?? "", type.tier ?? "", ...(type.also ?? [])];
    const text = plain(told.join(" "));
    return { type, text, button, element: h("li", { class: instead ? "sn-upgraded" : null }, button, instead) };
  }

  filter() {
    const words = plain(this.search.value).split(" ").filter(Boolean);
    let shown = 0;
    for (const { type, text, element } of this.tiles) {
      const fits = (this.kind === "" || type.kind === this.kind) && words.every((word) => text.includes(word));
      // Who looks for one by its name is told why it cannot be chosen.
      const isShown = fits && (!type.refusal || this.closed.checked || words.length > 0);
      element.hidden = !isShown;
      if (isShown) shown += 1;
    }
    this.none.hidden = shown > 0;
    setText(this.count, `${shown} of ${this.tiles.length} types`);
  }

  // Enter takes the only one that is left.
  pressed(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const shown = this.tiles.filter(({ element, type }) => !element.hidden && !type.refusal);
    if (shown.length === 1) shown[0].button.click();
    else shown[0]?.button.focus();
  }

  close() {
    this.line.close();
  }
}

function render({ model, el }) {
  const view = new GalleryView(model, el);
  return () => view.close();
}

export default { render };
