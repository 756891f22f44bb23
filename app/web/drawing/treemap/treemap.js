// The treemap: buttons, placed by the page. Names are texts, never markup.

function built(kind, name, text) {
  const element = document.createElement(kind);
  element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

function tileOf(tile, choose) {
  const button = built("button", tile.chosen ? "tile chosen" : "tile");
  const [left, top, width, height] = tile.at;
  button.type = "button";
  Object.assign(button.style, {
    left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%`, backgroundColor: tile.colour,
  });
  const words = `${tile.name}\n${tile.words}`;
  button.title = words;
  button.setAttribute("aria-label", words.replaceAll("\n", ", "));
  button.setAttribute("aria-pressed", tile.chosen);
  button.append(built("span", "name", tile.name), built("span", "words", tile.words));
  button.addEventListener("click", choose);
  return button;
}

// The focus stays where it was, and nowhere if it was not here: the page would scroll to it.
function replace(before, root) {
  const focused = [...before.querySelectorAll("button")].indexOf(before.getRootNode().activeElement);
  before.replaceWith(root);
  const buttons = root.querySelectorAll("button");
  if (focused >= 0) buttons[Math.min(focused, buttons.length - 1)]?.focus();
}

// `at` makes two equal choices different.
export default function ({ data, parentElement, setStateValue }) {
  const choose = (place) => () => setStateValue("choice", { place, view: data.view, at: Date.now() });
  const root = built("div", "treemap");
  // Streamlit's own keys (R, C) are not meant for who chooses here.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  const path = built("div", "path");
  if (data.path) {
    const all = built("button", "all", "All");
    all.type = "button";
    all.addEventListener("click", choose(-1));
    path.append(all, built("span", "", `› ${data.path}`));
  } else path.append(built("span", "", "All"));
  const map = built("div", "map");
  map.setAttribute("role", "group");
  map.setAttribute("aria-label", data.alt);
  map.style.height = `${data.high}px`;
  map.append(...data.tiles.map((tile, place) => tileOf(tile, choose(place))));
  root.append(path, map);
  const before = parentElement.querySelector(".treemap");
  if (before) replace(before, root);
  else parentElement.append(root);
  return () => root.remove();
}
