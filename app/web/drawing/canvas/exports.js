// The picture as a file: SVG and PNG as it is drawn, HTML with both the picture and its tables.
// Styles are written into the elements, so that a file needs nothing beside it.

const STYLES = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity",
  "opacity", "font-family", "font-size", "font-weight", "paint-order",
];
const MARGIN = 16, SHARP = 2; // around a picture; pixels of a PNG for each unit

// A copy of the whole picture, at its own size, whatever part the camera shows.
function portrait(canvas) {
  const { layer, svg, data } = canvas;
  const copy = layer.cloneNode(true);
  const from = layer.querySelectorAll("*"), to = copy.querySelectorAll("*");
  from.forEach((element, at) => {
    const styles = getComputedStyle(element);
    const unseen = styles.display === "none" || element.matches(".reach");
    for (const name of STYLES) to[at].setAttribute(name, styles.getPropertyValue(name));
    for (const name of ["class", "tabindex", "role", "aria-label", "aria-pressed", "data-id"]) {
      to[at].removeAttribute(name);
    }
    if (unseen) to[at].setAttribute("data-unseen", "");
  });
  copy.querySelectorAll("[data-unseen]").forEach((element) => element.remove());
  copy.removeAttribute("transform");
  const box = layer.getBBox();
  const [x, y] = [Math.min(box.x, data.box[0]) - MARGIN, Math.min(box.y, data.box[1]) - MARGIN];
  const width = Math.max(box.x + box.width, data.box[0] + data.box[2]) - x + MARGIN;
  const height = Math.max(box.y + box.height, data.box[1] + data.box[3]) - y + MARGIN;
  const root = made("svg", {
    xmlns: SVG, role: "img", viewBox: [x, y, width, height].map(Math.round).join(" "),
    width: Math.round(width), height: Math.round(height),
  });
  const paper = getComputedStyle(svg).getPropertyValue("background-color");
  root.append(
    made("title", {}, data.title), made("desc", {}, data.summary),
    made("rect", { x, y, width, height, fill: paper }), copy,
  );
  return root;
}

function asText(root) {
  return new XMLSerializer().serializeToString(root);
}

function save(blob, name) {
  const link = built("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function saveSvg(canvas) {
  save(new Blob([asText(portrait(canvas))], { type: "image/svg+xml" }), "picture.svg");
}

function savePng(canvas) {
  const root = portrait(canvas), image = new Image();
  const address = URL.createObjectURL(new Blob([asText(root)], { type: "image/svg+xml" }));
  image.onload = () => {
    const paper = document.createElement("canvas");
    paper.width = root.getAttribute("width") * SHARP;
    paper.height = root.getAttribute("height") * SHARP;
    paper.getContext("2d").drawImage(image, 0, 0, paper.width, paper.height);
    URL.revokeObjectURL(address);
    paper.toBlob((blob) => save(blob, "picture.png"), "image/png");
  };
  image.src = address;
}

function table(page, heads, rows) {
  const element = page.createElement("table");
  const line = (cells, tag) => {
    const row = page.createElement("tr");
    for (const cell of cells) {
      const place = page.createElement(tag);
      place.textContent = cell;
      row.append(place);
    }
    return row;
  };
  element.append(line(heads, "th"), ...rows.map((cells) => line(cells, "td")));
  return element;
}

// One page that opens anywhere: no script, and nothing that it could load.
function saveHtml(canvas) {
  const { data } = canvas, page = document.implementation.createHTMLDocument(data.title);
  const policy = page.createElement("meta");
  policy.setAttribute("http-equiv", "Content-Security-Policy");
  policy.setAttribute("content", "default-src 'none'; style-src 'unsafe-inline'");
  const letters = page.createElement("meta");
  letters.setAttribute("charset", "utf-8");
  const styles = page.createElement("style");
  styles.textContent = "body{font:15px sans-serif;margin:2em}svg{max-width:100%;height:auto}"
    + "table{border-collapse:collapse;margin-top:1em}td,th{border:1px solid #bbb;"
    + "padding:.25em .6em;text-align:left}";
  page.head.prepend(letters, policy);
  page.head.append(styles);
  const head = page.createElement("h1"), sum = page.createElement("p");
  head.textContent = data.title;
  sum.textContent = data.summary;
  const keys = page.createElement("p");
  keys.textContent = data.legend.map((row) => row.words).join(" · ");
  page.body.append(head, sum, page.importNode(portrait(canvas), true), keys);
  page.body.append(table(page, ["From", "Step", "To", "State"], data.rows));
  const text = "<!doctype html>\n" + page.documentElement.outerHTML;
  save(new Blob([text], { type: "text/html" }), "picture.html");
}
