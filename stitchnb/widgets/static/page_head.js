// The top of an account's page. On a page of its own the address follows what is open, and Back leads back.

const PARAMETER = "source";
const PRODUCT = "Stitch Connect";

function placeOf(address) {
  return new URL(address).searchParams.get(PARAMETER) ?? "";
}

function addressOf(place) {
  const address = new URL(location.href);
  address.searchParams.delete(PARAMETER);
  if (place) address.searchParams.set(PARAMETER, place);
  address.hash = "";
  return address.href;
}

class PageHeadView {
  constructor(model, el) {
    this.model = model;
    this.line = new Line(model, { changed: () => this.draw() });
    this.isOwn = this.content.own_page;
    this.chip = h("span", { class: "sn-chip" });
    this.title = h(this.isOwn ? "h1" : "b", {});
    this.words = h("p", { class: "sn-account-words" });
    this.address = h("a", { target: "_blank", rel: "noopener", "aria-describedby": null });
    this.copied = h("span", { role: "status" });
    const copy = h("button", { type: "button", class: "sn-link", onclick: () => this.copy() }, "Copy the link");
    this.link = h("p", { class: "sn-page-link" }, h("span", {}, "Link to this source: "), this.address, copy, this.copied);
    this.trouble = h("p", { class: "sn-notice sn-error", role: "alert" });
    el.classList.add("stitchnb");
    el.replaceChildren(
      h(
        "div",
        { class: "sn-page-head" },
        h("div", { class: "sn-page-title" }, this.title, this.chip),
        this.words,
        this.link,
        this.trouble,
        this.line.silence,
      ),
    );
    this.turned = () => this.turn();
    if (this.isOwn) addEventListener("popstate", this.turned);
    this.draw();
  }

  get content() {
    return this.model.get("_content");
  }

  draw() {
    const { kind, account, words, note, place, title, trouble } = this.content;
    this.chip.className = `sn-chip ${kind === "real" ? "sn-warn" : "sn-mute"}`;
    setText(this.chip, account);
    setText(this.words, [words, note].filter(Boolean).join(" "));
    setText(this.title, title);
    setText(this.trouble, trouble);
    this.trouble.hidden = trouble === "";
    const isSource = place !== "" && place !== "new";
    this.link.hidden = !this.isOwn || !isSource;
    if (!this.isOwn) return;
    document.title = `${title} – ${PRODUCT}`;
    const address = addressOf(place);
    this.address.href = address;
    if (this.address.textContent !== address) {
      setText(this.address, address);
      setText(this.copied, "");
    }
    this.follow(place, address);
  }

  // The first address is put right in place, as is that of a source that was new: Back must not make another one.
  follow(place, address) {
    const before = this.place;
    this.place = place;
    if (placeOf(location.href) === place) return;
    const isSame = before === undefined || (before === "new" && place !== "");
    if (isSame) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
  }

  turn() {
    const place = placeOf(location.href);
    if (place === this.content.place) return;
    this.line.send("visit", { place }, "long");
  }

  copy() {
    const byHand = () => {
      getSelection()?.selectAllChildren(this.address);
      setText(this.copied, "Selected: copy it with Ctrl+C.");
    };
    if (!navigator.clipboard) byHand();
    else navigator.clipboard.writeText(this.address.href).then(() => setText(this.copied, "Copied."), byHand);
  }

  close() {
    removeEventListener("popstate", this.turned);
    this.line.close();
  }
}

function render({ model, el }) {
  const view = new PageHeadView(model, el);
  return () => view.close();
}

export default { render };
