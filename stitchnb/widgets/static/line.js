// What a view says to the kernel. Every message is answered; a kernel that is busy or gone is said to be so.

const PATIENCE = { short: 4_000, long: 30_000 };

class Line {
  constructor(model, { heard = () => {}, changed = () => {} } = {}) {
    this.model = model;
    this.heard = heard;
    this.id = uniqueId("view");
    this.open = 0;
    this.silence = h("p", { class: "sn-notice sn-warn", role: "status", hidden: true }, NO_ANSWER);
    this.listener = (message) => {
      if (message.type === "heard" && message.to === this.id) {
        this.open = Math.max(0, this.open - 1);
        this.answered();
        heard();
      }
    };
    this.changed = () => (this.answered(), changed());
    model.on("msg:custom", this.listener);
    model.on("change:_content", this.changed);
  }

  // What takes long, such as a request to Stitch, is waited for with more patience.
  send(type, content = {}, patience = "short") {
    this.open += 1;
    this.patience = PATIENCE[patience];
    this.timer ??= this.wait();
    try {
      this.model.send({ type, view: this.id, ...content });
    } catch {
      this.broke();
    }
  }

  // A kernel that was ended took its connection with it: nothing will ever be answered.
  broke() {
    clearTimeout(this.timer);
    this.open = 0;
    setText(this.silence, RESTARTED);
    this.silence.hidden = false;
    this.heard();
  }

  wait() {
    return setTimeout(() => (this.silence.hidden = false), this.patience);
  }

  get busy() {
    return this.open > 0;
  }

  answered() {
    clearTimeout(this.timer);
    this.timer = this.busy ? this.wait() : null;
    this.silence.hidden = true;
  }

  close() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.listener);
    this.model.off("change:_content", this.changed);
  }
}
