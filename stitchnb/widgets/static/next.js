// What is to be done outside a widget: a link to follow, and code to copy.

function codeBlock(title, text, ...more) {
  const said = h("span", { role: "status" });
  const code = h(
    "pre",
    { tabindex: "0", role: "group", "aria-label": title, "data-lm-suppress-shortcuts": "true" },
    text,
  );
  const byHand = () => {
    getSelection()?.selectAllChildren(code);
    setText(said, "Selected: copy it with Ctrl+C.");
  };
  const copy = () => {
    if (!navigator.clipboard) byHand();
    else navigator.clipboard.writeText(text).then(() => setText(said, "Copied."), byHand);
  };
  const element = h("div", { class: "sn-copied" }, h("div", {}, h("b", {}, title), said, ...more), code);
  return { element, copy };
}

function copyable(title, text) {
  const button = h("button", { type: "button", class: "sn-link", "aria-label": `Copy: ${title}` }, "Copy");
  const block = codeBlock(title, text, button);
  button.addEventListener("click", block.copy);
  return block.element;
}

function drawNext(element, next) {
  const facts = JSON.stringify(next);
  if (element.dataset.facts === facts) return;
  element.dataset.facts = facts;
  element.hidden = !next;
  if (!next) {
    element.replaceChildren();
    return;
  }
  const blocks = next.codes.map(({ title, text }) => copyable(title, text));
  const link = { href: next.link, target: "_blank", rel: "noopener noreferrer" };
  element.replaceChildren(...(next.link ? [h("p", {}, h("a", link, next.words))] : []), ...blocks);
}
