// What is asked about a source before anything is done to it.

function button(words, onclick, attributes = {}) {
  return h("button", { type: "button", onclick, ...attributes }, words);
}

// A line under a source that asks for a text: its new name, or the old one to confirm that it is to be deleted.
class Question {
  constructor({ source, kind, title, label, text, hint, action, lines = [], isReady, ask, leave }) {
    Object.assign(this, { id: source.id, kind, isReady, ask });
    const id = uniqueId("sn");
    this.input = h("input", {
      id,
      type: "text",
      maxlength: 200,
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => this.refuse(""),
    });
    this.input.value = text;
    this.hint = h("p", { class: "sn-hint", id: `${id}-hint` }, hint);
    this.error = h("p", { class: "sn-wrong", id: `${id}-error`, role: "alert" });
    this.button = button(action, () => this.press(), { class: kind === "delete" ? "sn-danger" : "sn-primary" });
    const box = h(
      "div",
      { class: "sn-question", role: "group", "aria-label": title, onkeydown: (event) => this.pressed(event, leave) },
      lines.length ? h("p", { class: "sn-asked" }, title) : null,
      lines.length ? h("ul", {}, ...lines.map((line) => h("li", {}, line))) : null,
      h("label", { for: id }, label),
      h("div", { class: "sn-answer" }, this.input, this.button, button("Cancel", leave)),
      h("div", { class: "sn-said" }, this.hint, this.error),
    );
    this.element = h("tr", { class: "sn-detail" }, h("td", { colspan: 6 }, box));
    this.refuse("");
  }

  get answer() {
    return this.input.value.trim();
  }

  refuse(words) {
    setText(this.error, words);
    this.hint.hidden = words !== "";
    setAttribute(this.input, "aria-invalid", words ? "true" : null);
    setAttribute(this.input, "aria-describedby", words ? this.error.id : this.hint.id);
    this.button.setAttribute("aria-disabled", String(!this.isReady(this.answer)));
  }

  press() {
    if (this.isReady(this.answer)) this.ask(this.answer);
    else {
      this.refuse(this.hint.textContent);
      this.input.focus();
    }
  }

  // JupyterLab keeps Enter from an input, so that no form would be submitted by itself.
  pressed(event, leave) {
    if (event.isComposing) return;
    if (event.key === "Escape") leave();
    else if (event.key === "Enter" && event.target === this.input) this.press();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
