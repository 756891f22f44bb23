// Nodes and edges as SVG. Elements are kept and changed in place, so that the focus and a second
// click find the element that the first one met. Names go into text nodes, never into markup.

const SVG = "http://www.w3.org/2000/svg";
const TAGS = new Set(["circle", "rect", "polygon"]);

function made(tag, attributes = {}, text = null) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== null) element.textContent = text;
  return element;
}

function built(tag, attributes = {}, text = null) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== null) element.textContent = text;
  return element;
}

function nodeParts(item) {
  const [x, y, anchor, turn] = item.at;
  const label = { x, y, "text-anchor": anchor, class: "name" };
  if (turn) label.transform = `rotate(${turn})`;
  const shapes = item.parts
    .filter(([tag]) => TAGS.has(tag))
    .map(([tag, attributes]) => made(tag, { ...attributes, fill: item.fill, class: "shape" }));
  return [
    made("title", {}, item.words),
    made("circle", { r: 19, class: "halo" }),
    ...shapes,
    made("text", label, item.text),
  ];
}

function edgeParts(item) {
  const [x, y, turn] = item.at;
  const parts = [
    made("title", {}, item.words),
    made("path", { d: item.path, class: "reach" }), // wide and unseen: what a pointer meets
    made("path", { d: item.path, class: "line" }),
    made("polygon", { points: item.tip, class: "tip" }),
  ];
  if (item.marks.includes("derived")) {
    parts.push(made("circle", { cx: item.begin[0], cy: item.begin[1], r: 3, class: "tip" }));
  }
  const label = { x, y, dy: -5, "text-anchor": "middle", class: "verb" };
  parts.push(made("text", { ...label, transform: `rotate(${turn} ${x} ${y})` }, item.text));
  return parts;
}

// Bring the layer to the items: elements by id, in their order.
function bring(layer, items, elements) {
  const wanted = new Set(items.map((item) => item.id));
  for (const [id, kept] of elements) {
    if (wanted.has(id)) continue;
    kept.element.remove();
    elements.delete(id);
  }
  let before = null;
  for (const item of items) {
    let kept = elements.get(item.id);
    if (!kept) {
      kept = { element: made("g", { tabindex: 0, role: "button", "data-id": item.id }), text: "", parts: "" };
      elements.set(item.id, kept);
    }
    const text = JSON.stringify(item);
    if (kept.text !== text) {
      const isEdge = "path" in item;
      // A press that begins on a part that is then replaced is no click, so marks replace none.
      const parts = JSON.stringify({ ...item, x: 0, y: 0, marks: item.marks.includes("derived") });
      if (kept.parts !== parts) {
        kept.element.replaceChildren(...(isEdge ? edgeParts(item) : nodeParts(item)));
        kept.parts = parts;
      }
      kept.element.setAttribute("class", [isEdge ? "edge" : "node", ...item.marks].join(" "));
      kept.element.setAttribute("aria-label", item.words);
      kept.element.setAttribute("aria-pressed", item.marks.includes("chosen"));
      if (!isEdge) kept.element.setAttribute("transform", `translate(${item.x} ${item.y})`);
      Object.assign(kept, { text, item, isEdge });
    }
    const next = before ? before.nextSibling : layer.firstChild;
    if (next !== kept.element) layer.insertBefore(kept.element, next);
    before = kept.element;
  }
}

function rings(radii) {
  return radii.map((r) => made("circle", { r, class: "ring" }));
}

function middle(item) {
  if (!item) return null;
  return "path" in item ? { x: item.at[0], y: item.at[1] } : { x: item.x, y: item.y };
}
