// The camera over a drawing: pan, zoom and fit. It is kept for each view as long as the tab lives,
// so that neither a rerun of the page nor another page in between moves it.

const LEAST = 0.12, MOST = 4, ROOMY = 1.25; // zooms: the least, the most, and the most of a fit
const memory = new Map(); // what is kept for each view: camera, labels, search

function remembered(view) {
  if (!memory.has(view)) memory.set(view, { camera: null, labels: true, search: "" });
  return memory.get(view);
}

class Camera {
  constructor(svg, layer) {
    Object.assign(this, { svg, layer, x: 0, y: 0, zoom: 1, moved: false, box: [0, 0, 1, 1] });
  }

  size() {
    const box = this.svg.getBoundingClientRect();
    return [box.width || 600, box.height || 400];
  }

  restore(kept) {
    this.kept = kept;
    if (kept.camera) Object.assign(this, kept.camera);
    else this.fit();
    this.show();
  }

  show() {
    this.layer.setAttribute("transform", `translate(${this.x} ${this.y}) scale(${this.zoom})`);
    if (this.kept) {
      this.kept.camera = { x: this.x, y: this.y, zoom: this.zoom, moved: this.moved };
    }
  }

  fit() {
    const [width, height] = this.size(), [left, top, across, down] = this.box;
    this.zoom = Math.min(ROOMY, Math.max(LEAST, Math.min(width / across, height / down)));
    this.x = (width - across * this.zoom) / 2 - left * this.zoom;
    this.y = (height - down * this.zoom) / 2 - top * this.zoom;
    this.moved = false;
    this.show();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.moved = true;
    this.show();
  }

  // Zoom about a point of the window of the drawing, by default its middle.
  scale(factor, px, py) {
    const [width, height] = this.size(), x = px ?? width / 2, y = py ?? height / 2;
    const zoom = Math.min(MOST, Math.max(LEAST, this.zoom * factor));
    this.x = x - ((x - this.x) * zoom) / this.zoom;
    this.y = y - ((y - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
    this.moved = true;
    this.show();
  }

  // Keep a point of the drawing where it stands, though it has another place in it now.
  hold(before, after) {
    if (!before || !after) return;
    this.x += (before.x - after.x) * this.zoom;
    this.y += (before.y - after.y) * this.zoom;
    this.show();
  }

  // Move as little as needed for a point of the drawing to be well inside of the window.
  reveal(point) {
    const [width, height] = this.size(), edge = 60;
    const x = this.x + point.x * this.zoom, y = this.y + point.y * this.zoom;
    const dx = Math.max(0, edge - x) - Math.max(0, x - (width - edge));
    const dy = Math.max(0, edge - y) - Math.max(0, y - (height - edge));
    if (dx || dy) this.pan(dx, dy);
  }
}

// Let pointers move the camera: one drags, two pinch; a wheel zooms with Ctrl, or once the picture
// has the focus, so that it does not hold up a reader who scrolls the page.
function steer(svg, camera) {
  const down = new Map();
  let dragged = false;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    if (!down.size) dragged = false;
    down.set(event.pointerId, { x: event.clientX, y: event.clientY, from: [event.clientX, event.clientY] });
  });
  svg.addEventListener("pointermove", (event) => {
    const last = down.get(event.pointerId);
    if (!last) return;
    const far = Math.hypot(event.clientX - last.from[0], event.clientY - last.from[1]);
    if (!dragged && far < 5) return;
    if (!dragged) svg.setPointerCapture(event.pointerId);
    dragged = true;
    const box = svg.getBoundingClientRect();
    if (down.size === 2) {
      const other = [...down.entries()].find(([id]) => id !== event.pointerId)[1];
      const before = Math.hypot(last.x - other.x, last.y - other.y) || 1;
      const after = Math.hypot(event.clientX - other.x, event.clientY - other.y) || 1;
      camera.scale(after / before, other.x - box.left, other.y - box.top);
    } else {
      camera.pan(event.clientX - last.x, event.clientY - last.y);
    }
    Object.assign(last, { x: event.clientX, y: event.clientY });
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    svg.addEventListener(kind, (event) => down.delete(event.pointerId));
  }
  // A drag that ends over a node is no click on it.
  svg.addEventListener("click", (event) => dragged && event.stopImmediatePropagation(), true);
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && !svg.contains(svg.getRootNode().activeElement)) return;
    event.preventDefault();
    const box = svg.getBoundingClientRect();
    camera.scale(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
}
