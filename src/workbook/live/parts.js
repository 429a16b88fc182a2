// What the pad and the look inside are built of.

/**
 * The element of a template: html`<button @click=${clear}>${text}</button>`. Between tags, a value is
 * text, a node, or a list of these; in a tag, the value of an attribute, or the listener of an @event.
 */
function html(texts, ...values) {
  const template = document.createElement("template");
  template.innerHTML = texts.reduce((made, text, i) => {
    const inTag = made.lastIndexOf("<") > made.lastIndexOf(">");
    return `${made}${inTag ? `"hole:${i - 1}"` : `<template hole="hole:${i - 1}"></template>`}${text}`;
  });
  const content = document.importNode(template.content, true);
  for (const element of content.querySelectorAll("*"))
    for (const { name, value: text } of [...element.attributes]) {
      if (!text.startsWith("hole:")) continue;
      const value = values[text.slice(5)];
      element.removeAttribute(name);
      if (name === "hole") element.replaceWith(...[value ?? ""].flat());
      else if (name.startsWith("@")) element.addEventListener(name.slice(1), value);
      else if (value !== false) element.setAttribute(name, value === true ? "" : value);
    }
  return content.firstElementChild;
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

/** A canvas that shows height × width colours, one a place, without smoothing; with a label or none. */
function picture(height, width, label) {
  const made = html`<canvas class="pixels" height=${height} width=${width}></canvas>`;
  if (label) made.setAttribute("role", "img");
  made.setAttribute(...(label ? ["aria-label", label] : ["aria-hidden", "true"]));
  return made;
}

function paint(canvas, colours) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  colours.forEach((colour, i) => image.data.set(colour, 4 * i));
  context.putImageData(image, 0, 0);
}
/** Paint grey levels from 0 to 255. */
const paintLevels = (canvas, levels) => paint(canvas, Array.from(levels, (level) => grey(level / 255)));

/** One of several: radio buttons that look like one bar. */
function choice(legend, options, chosen, onchange) {
  const name = `choice-${(choice.made = (choice.made ?? 0) + 1)}`;
  const labels = options.map(
    ([value, text]) => html`
      <label>
        <input type="radio" name=${name} value=${value} checked=${value === chosen}
          @change=${() => onchange(value)}><span>${text}</span>
      </label>`,
  );
  return html`<fieldset class="choice"><legend>${legend}</legend><div>${labels}</div></fieldset>`;
}

/**
 * What a network says: a table of classes with a bar each. `show(probabilities, before)` fills it;
 * `before`, where it is given, is what the network said of the picture without the patch.
 */
function answers(name, classes) {
  const rows = classes.map((label) => {
    const bar = html`<span class="bar"></span>`;
    const mark = html`<span class="mark" hidden></span>`;
    const share = html`<td class="share" role="cell"></td>`;
    const row = html`
      <tr role="row">
        <th scope="row" role="rowheader">${label}</th>
        <td class="track" aria-hidden="true">${[bar, mark]}</td>${share}
      </tr>`;
    return { row, bar, mark, share };
  });
  const [best, sure] = [html`<b></b>`, html`<span></span>`];
  // The roles are said again, since the style lays the rows out as no table is.
  const table = html`
    <table class=${classes.length > 12 ? "answers many" : "answers"} role="table">
      <caption><span class="name">${name}</span><span class="best">${best} ${sure}</span></caption>
      <tbody role="rowgroup">${rows.map(({ row }) => row)}</tbody>
    </table>`;
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
  const region = html`<p class="hidden" role="status"></p>`;
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
