// The canvas: one for each place on a page. Streamlit calls `default` at each rerun with new data.

const canvases = new WeakMap();
const STEP = 60; // pixels that an arrow key pans

class Canvas {
  constructor(parent) {
    this.elements = new Map();
    this.root = built("div", { class: "canvas" });
    this.svg = made("svg", { role: "group", tabindex: 0 });
    this.layer = made("g");
    this.ringed = made("g");
    this.itemed = made("g");
    this.layer.append(this.ringed, this.itemed);
    this.svg.append(this.layer);
    this.camera = new Camera(this.svg, this.layer);
    this.tools = tools(this);
    this.time = new Time(this);
    const skip = button("Skip the picture", "Skip the picture", () => this.after.focus(), { class: "skip" });
    this.after = built("div", { class: "after", tabindex: -1 });
    this.root.append(skip, this.tools.bar, this.time.bar, this.svg, this.after);
    parent.append(this.root);
    steer(this.svg, this.camera);
    this.listen();
    this.watch = new ResizeObserver(() => this.data && !this.camera.moved && this.camera.fit());
    this.watch.observe(this.svg);
  }

  listen() {
    // Streamlit's own keys (R, C) are not meant for who types here.
    this.root.addEventListener("keydown", (event) => event.stopPropagation());
    this.svg.addEventListener("click", (event) => {
      if (event.detail < 2) this.act(this.met(event), false);
    });
    this.svg.addEventListener("dblclick", (event) => {
      event.preventDefault();
      this.act(this.met(event), true);
    });
    this.svg.addEventListener("keydown", (event) => this.press(event));
    this.svg.addEventListener("focusin", (event) => {
      const kept = this.met(event);
      if (kept && event.target.matches(":focus-visible")) this.camera.reveal(middle(kept.item));
    });
  }

  met(event) {
    const element = event.target.closest("[data-id]");
    return element ? this.elements.get(element.dataset.id) : null;
  }

  // Tell the page of a choice; `at` makes two equal ones different.
  act(kept, open) {
    if (!kept || (open && !kept.item.marks.includes("fold"))) return;
    this.send("act", { id: kept.item.id, open, at: Date.now() });
  }

  press(event) {
    const moves = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (moves[event.key]) this.camera.pan(...moves[event.key]);
    else if (event.key === "+" || event.key === "=") this.camera.scale(1.25);
    else if (event.key === "-") this.camera.scale(0.8);
    else if (event.key === "0") this.camera.fit();
    else if (event.key === "Enter" || event.key === " ") this.act(this.met(event), event.shiftKey);
    else return;
    event.preventDefault();
  }

  update(data, send) {
    this.send = send;
    const before = this.data, same = before && before.view === data.view;
    const fixed = data.anchor || (this.camera.moved ? data.root : "");
    const place = (items) => middle(items.find((item) => item.id === fixed));
    const was = same ? place(before.items) : null;
    this.data = data;
    this.kept = remembered(data.view);
    this.root.style.setProperty("--height", `${data.height}px`);
    this.root.classList.toggle("lit", data.lit);
    this.svg.setAttribute("aria-label", `${data.title}. ${data.summary} ${data.help}`);
    this.ringed.replaceChildren(...rings(data.rings));
    bring(this.itemed, data.items, this.elements);
    this.legend?.remove();
    this.legend = key(data.legend);
    this.after.before(this.legend);
    this.camera.box = data.box;
    if (!same) this.camera.restore(this.kept);
    else if (fixed) this.camera.hold(was, place(data.items));
    else this.camera.fit();
    this.time.update(data.time);
    this.label(this.kept.labels);
    this.find(this.kept.search, false);
    this.show();
  }

  // Bring what was chosen elsewhere on the page into sight, once.
  show() {
    const { reveal, anchor } = this.data;
    if (!reveal || this.kept.reveal === reveal) return;
    this.kept.reveal = reveal;
    this.root.scrollIntoView({ block: "center" });
    const kept = this.elements.get(anchor);
    if (kept) this.camera.reveal(middle(kept.item));
  }

  label(shown) {
    this.kept.labels = shown;
    this.root.classList.toggle("unlabelled", !shown);
    this.tools.labels.setAttribute("aria-pressed", !shown);
  }

  find(text, move = true) {
    const wanted = text.trim().toLowerCase();
    this.kept.search = text;
    if (this.tools.box.value !== text) this.tools.box.value = text;
    this.hits = [];
    for (const kept of this.elements.values()) {
      const hit = wanted && !kept.isEdge && kept.item.words.toLowerCase().includes(wanted);
      kept.element.classList.toggle("hit", Boolean(hit));
      if (hit) this.hits.push(kept);
    }
    this.root.classList.toggle("finding", Boolean(wanted));
    const nodes = [...this.elements.values()].filter((kept) => !kept.isEdge).length;
    this.tools.count.textContent = wanted ? `${this.hits.length} of ${nodes}` : "";
    this.hitAt = -1;
    if (move && this.hits.length) this.camera.reveal(middle(this.hits[0].item));
  }

  nextHit() {
    if (!this.hits.length) return;
    this.hitAt = (this.hitAt + 1) % this.hits.length;
    this.camera.reveal(middle(this.hits[this.hitAt].item));
    this.act(this.hits[this.hitAt], false);
  }
}

export default function ({ data, parentElement, setStateValue }) {
  let canvas = canvases.get(parentElement);
  if (!canvas) {
    canvas = new Canvas(parentElement);
    canvases.set(parentElement, canvas);
  }
  canvas.update(data, setStateValue);
  const call = (canvas.call = {});
  return () => {
    if (canvas.call !== call) return; // a later call has taken the canvas over
    canvas.watch.disconnect();
    canvas.time.stop();
    canvas.root.remove();
    canvases.delete(parentElement);
  };
}
