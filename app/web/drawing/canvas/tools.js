// The tools beside the picture: zoom, labels, search, exports. All are buttons and boxes that a
// keyboard reaches.

function button(words, sign, act, attributes = {}) {
  const element = built("button", { type: "button", "aria-label": words, title: words, ...attributes }, sign);
  element.addEventListener("click", act);
  return element;
}

function tools(canvas) {
  const { camera } = canvas;
  const bar = built("div", { class: "tools", role: "toolbar", "aria-label": "Picture" });
  const labels = button("Hide labels", "Labels", () => canvas.label(!canvas.kept.labels));
  const box = built("input", {
    type: "search", placeholder: "Find in picture", "aria-label": "Find in picture",
  });
  const count = built("span", { class: "count", role: "status" });
  box.addEventListener("input", () => canvas.find(box.value));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") canvas.nextHit();
    if (event.key === "Escape") canvas.find("");
  });
  bar.append(
    button("Fit all", "Fit", () => camera.fit()),
    button("Zoom in", "+", () => camera.scale(1.25)),
    button("Zoom out", "−", () => camera.scale(0.8)),
    labels, box, count,
    built("span", { class: "gap" }),
    button("Save as PNG", "PNG", () => savePng(canvas)),
    button("Save as SVG", "SVG", () => saveSvg(canvas)),
    button("Save as HTML", "HTML", () => saveHtml(canvas)),
  );
  return { bar, labels, box, count };
}

function key(rows) {
  const list = built("ul", { class: "key", "aria-label": "Key" });
  for (const row of rows) {
    const entry = built("li");
    if (row.sign) {
      const sign = built("span", { class: "sign", "aria-hidden": "true" }, row.sign);
      sign.style.color = row.colour;
      entry.append(sign);
    } else {
      entry.append(built("span", { class: `sample ${row.line}`, "aria-hidden": "true" }));
    }
    entry.append(row.words);
    list.append(entry);
  }
  return list;
}
