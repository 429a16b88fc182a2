// What the pad and the look inside are built of.

/** An element: `h("button", { class: "quiet", onclick: clear }, "Clear")`. */
function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)}%`;
/** A number with its sign, the minus sign of print. */
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
const plain = (value) => value.toFixed(2).replace("-", "−");
const total = (values) => values.reduce((a, b) => a + b, 0);
const strongest = (values) =>
  values.reduce((best, value, i) => (value > values[best] ? i : best), 0);

/** The parts of a colour of the palette, from 0 to 255. */
const rgb = (name) => PALETTE[name][0].match(/\w\w/g).map((part) => parseInt(part, 16));
const [FOR, AGAINST] = ["for", "against"].map(rgb);
const grey = (share) =>
  [share, share, share, 1].map((part) => 255 * Math.min(Math.max(part, 0), 1));
/** From -1 to 1: orange, nothing, blue. */
const leaning = (share) => [...(share < 0 ? AGAINST : FOR), 255 * Math.min(Math.abs(share), 1)];

/** Make a canvas that shows height × width colours, one a place, without smoothing. */
function picture(height, width, properties = {}) {
  return h("canvas", { height, width, class: "pixels", ...properties });
}

function paint(canvas, colours) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  colours.forEach((colour, i) => image.data.set(colour, 4 * i));
  context.putImageData(image, 0, 0);
}

/** One of several: radio buttons that look like one bar. */
function choice(legend, options, chosen, onchange) {
  const name = `choice-${(choice.made = (choice.made ?? 0) + 1)}`;
  const labels = options.map(([value, text]) => {
    const input = h("input", { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => onchange(value));
    return h("label", {}, input, h("span", {}, text));
  });
  return h("fieldset", { class: "choice" }, h("legend", {}, legend), h("div", {}, ...labels));
}

/**
 * What a network says: a table of classes with a bar each. `show(probabilities, before)` fills it;
 * `before`, where it is given, is what the network said of the picture without the patch.
 */
function answers(name, classes) {
  const rows = classes.map((label) => {
    const bar = h("span", { class: "bar" });
    const mark = h("span", { class: "mark", hidden: true });
    const share = h("td", { class: "share", role: "cell" });
    const track = h("td", { class: "track", "aria-hidden": "true" }, bar, mark);
    const row = h(
      "tr",
      { role: "row" },
      h("th", { scope: "row", role: "rowheader" }, label),
      track,
      share,
    );
    return { row, bar, mark, share };
  });
  const best = h("b");
  const sure = h("span");
  const table = h(
    "table",
    // Said again, since the style lays the rows out as no table is.
    { class: classes.length > 12 ? "answers many" : "answers", role: "table" },
    h(
      "caption",
      {},
      h("span", { class: "name" }, name),
      h("span", { class: "best" }, best, " ", sure),
    ),
    h("tbody", { role: "rowgroup" }, ...rows.map(({ row }) => row)),
  );
  const show = (probabilities, before) => {
    const top = probabilities ? strongest(probabilities) : -1;
    best.textContent = probabilities ? classes[top] : "–";
    const without = before
      ? `, without the patch ${classes[strongest(before)]} ${percent(Math.max(...before), 1)}`
      : "";
    sure.textContent = probabilities ? percent(probabilities[top], 1) + without : "";
    rows.forEach(({ row, bar, mark, share }, i) => {
      row.classList.toggle("top", i === top);
      bar.style.width = percent(probabilities ? probabilities[i] : 0, 1);
      share.textContent = probabilities ? percent(probabilities[i]) : "";
      mark.hidden = !before || Math.abs(before[i] - probabilities[i]) < 0.005;
      if (before) mark.style.left = percent(before[i], 1);
    });
  };
  show();
  return { table, show, says: (p) => `${classes[strongest(p)]}, ${percent(p[strongest(p)])}` };
}

/** A live region that speaks when things have come to rest, and not with every frame. */
function speaker() {
  const region = h("p", { class: "hidden", role: "status" });
  let waiting;
  const say = (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => (region.textContent = text), 700);
  };
  return { region, say };
}

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/**
 * Let the pointer, or the arrow keys, choose a place in an element of rows × columns places:
 * `chosen(row, column)` is called with each. Returns a function that moves the keys' place.
 */
function pointing(element, size, chosen) {
  let at = [0, 0];
  const go = (row, column) => {
    const [rows, columns] = size();
    at = [Math.min(Math.max(row, 0), rows - 1), Math.min(Math.max(column, 0), columns - 1)];
    chosen(...at);
  };
  const follow = (event) => {
    const box = element.getBoundingClientRect();
    const [rows, columns] = size();
    go(
      Math.floor(((event.clientY - box.top) / box.height) * rows),
      Math.floor(((event.clientX - box.left) / box.width) * columns),
    );
  };
  element.addEventListener("pointermove", follow);
  element.addEventListener("pointerdown", follow);
  element.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    go(at[0] + step[0], at[1] + step[1]);
  });
  return (row, column) => (at = [row, column]);
}

/** A function that has something drawn with the next frame, however often it is called before. */
function withNextFrame(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}
