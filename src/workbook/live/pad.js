// The pad: a digit is drawn, and the networks say what they read in it.

const SIDE = 28;
const BOX = 20; // MNIST's digits were scaled to fit this square before they were centred
const FINE = 8; // parts of a pixel's side, for the share of it that is inked
const PENS = { thick: 2.6, thin: 1.1 }; // pixels of the 28

/** Grey levels, 0 to 255, of strokes drawn with a round pen: strokes are lists of points [x, y]. */
function inked(strokes, pen) {
  const side = SIDE * FINE;
  const touched = new Uint8Array(side * side);
  const radius = (pen * FINE) / 2;
  const within = (value) => Math.min(Math.max(Math.round(value), 0), side);
  for (const stroke of strokes) {
    stroke.forEach((point, i) => {
      const [x1, y1] = (stroke[i - 1] ?? point).map((value) => value * FINE);
      const [x2, y2] = point.map((value) => value * FINE);
      const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
      const [left, right] = [Math.min(x1, x2) - radius, Math.max(x1, x2) + radius].map(within);
      const [top, bottom] = [Math.min(y1, y2) - radius, Math.max(y1, y2) + radius].map(within);
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++) {
          const [across, down] = [x + 0.5 - x1, y + 0.5 - y1];
          const along = length && Math.min(Math.max((across * (x2 - x1) + down * (y2 - y1)) / length, 0), 1);
          const away = (across - along * (x2 - x1)) ** 2 + (down - along * (y2 - y1)) ** 2;
          if (away <= radius * radius) touched[y * side + x] = 1;
        }
    });
  }
  const counts = new Uint16Array(SIDE * SIDE);
  touched.forEach((value, i) => {
    counts[Math.floor(i / side / FINE) * SIDE + Math.floor((i % side) / FINE)] += value;
  });
  return Uint8Array.from(counts, (count) => Math.round((255 * count) / FINE ** 2));
}

/** As MNIST was made: scaled to fit the box, then moved so that the mass is centred. */
function asMnist(strokes, pen) {
  const points = strokes.flat();
  const [low, high] = [Math.min, Math.max].map((of, end) =>
    [0, 1].map((axis) => of(...points.map((point) => point[axis])) + (end ? pen : -pen) / 2),
  );
  const scale = Math.min(BOX / Math.max(high[0] - low[0], high[1] - low[1]), 3); // a dot stays one
  const moved = (shift) =>
    strokes.map((stroke) => stroke.map((p) => p.map((v, axis) => (v - (low[axis] + high[axis]) / 2) * scale + SIDE / 2 + shift[axis])));
  const pixels = inked(moved([0, 0]), pen * scale);
  const mass = total(pixels);
  const centre = [0, 0];
  pixels.forEach((level, i) => {
    centre[0] += (level / mass) * ((i % SIDE) + 0.5);
    centre[1] += (level / mass) * (Math.floor(i / SIDE) + 0.5);
  });
  return inked(moved(centre.map((at) => Math.round(SIDE / 2 - at))), pen * scale);
}

function pad(spec, networks) {
  const classes = spec.classes;
  let strokes = [];
  let pen = "thick";
  let centred = true;
  let pixels = new Uint8Array(SIDE * SIDE);
  const kept = [];
  let news = "The pad is empty."; // what there is to say of an empty pad

  const SHARP = 20; // canvas pixels for each of the 28
  const canvas = h("canvas", { width: SIDE * SHARP, height: SIDE * SHARP });
  const hint = h("span", { class: "hint" }, "Draw a digit");
  const keys = h("p", { class: "keys", id: "keys" }, "Arrow keys move the pen, Space sets it down and lifts it, Backspace takes a stroke back.");
  const board = h(
    "div",
    { class: "board", tabindex: 0, role: "application", "aria-label": "Drawing pad", "aria-describedby": "keys" },
    canvas,
    hint,
  );
  const seen = picture(SIDE, SIDE, { role: "img" });
  const tables = networks.map((network) => answers(network.title, classes));
  const voice = speaker();

  // The pen of the keyboard: where it is, whether it is down, which arrow keys are held.
  const keyboard = { at: [SIDE / 2, SIDE / 2], down: false, held: new Set(), shown: false };

  function draw() {
    const context = canvas.getContext("2d");
    context.setTransform(SHARP, 0, 0, SHARP, 0, 0);
    context.clearRect(0, 0, SIDE, SIDE);
    Object.assign(context, { lineCap: "round", lineJoin: "round", lineWidth: PENS[pen] });
    context.strokeStyle = getComputedStyle(board).color;
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      stroke.forEach((point) => context.lineTo(...point));
      context.stroke();
    }
    if (keyboard.shown) {
      context.strokeStyle = getComputedStyle(board).outlineColor;
      context.lineWidth = keyboard.down ? 0.5 : 0.25;
      context.beginPath();
      context.arc(...keyboard.at, 1 + PENS[pen] / 2, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  function show() {
    const empty = strokes.length === 0;
    draw();
    hint.hidden = !empty || keyboard.shown;
    pixels = empty ? new Uint8Array(SIDE * SIDE) : (centred ? asMnist : inked)(strokes, PENS[pen]);
    paint(seen, [...pixels].map((level) => grey(level / 255)));
    seen.setAttribute("aria-label", empty ? "What the network sees: nothing yet" : `What the network sees: ${percent(total(pixels) / 255 / SIDE ** 2)} of the picture is ink`);
    const read = networks.map((network) => (empty ? undefined : network.predict(pixels)));
    tables.forEach((table, i) => table.show(read[i]));
    for (const button of [undo, clear, ...labels]) button.disabled = empty;
    if (look) look.show(pixels, empty);
    const named = networks.length > 1;
    voice.say(empty ? news : tables.map((t, i) => `${named ? `${networks[i].title}: ` : ""}${t.says(read[i])}`).join(". "));
  }

  // Drawn with the next frame, however many points came in since the last one.
  let asked = false;
  function changed() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      show();
    });
  }

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  };
  let drawing = false;
  board.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    board.setPointerCapture(event.pointerId);
    Object.assign(keyboard, { down: false, shown: false });
    drawing = true;
    strokes.push([place(event)]);
    changed();
  });
  board.addEventListener("pointermove", (event) => {
    if (!drawing || !event.isPrimary) return;
    const between = event.getCoalescedEvents?.() ?? [];
    strokes.at(-1).push(...(between.length ? between : [event]).map(place));
    changed();
  });
  for (const end of ["pointerup", "pointercancel"]) board.addEventListener(end, () => (drawing = false));

  const step = 0.7;
  board.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (ARROWS[event.key]) {
      keyboard.held.add(event.key);
      keyboard.shown = true;
      for (const key of keyboard.held) {
        const [down, across] = ARROWS[key];
        const [x, y] = keyboard.at;
        keyboard.at = [x + step * across, y + step * down].map((value) => Math.min(Math.max(value, 1), SIDE - 1));
      }
      if (keyboard.down) strokes.at(-1).push(keyboard.at);
    } else if (event.key === " ") {
      keyboard.down = !keyboard.down;
      keyboard.shown = true;
      if (keyboard.down) strokes.push([keyboard.at]);
    } else if (event.key === "Backspace") {
      takeBack();
    } else return;
    event.preventDefault();
    changed();
  });
  board.addEventListener("keyup", (event) => keyboard.held.delete(event.key));
  board.addEventListener("focus", () => {
    keyboard.shown = board.matches(":focus-visible");
    changed();
  });
  board.addEventListener("blur", () => {
    Object.assign(keyboard, { down: false, shown: false });
    keyboard.held.clear();
    changed();
  });

  function takeBack() {
    keyboard.down = false;
    strokes.pop();
    changed();
  }
  function wipe() {
    keyboard.down = false;
    strokes = [];
    news = "The pad is empty.";
    changed();
  }
  const undo = h("button", { type: "button", onclick: takeBack }, "Undo");
  const clear = h("button", { type: "button", onclick: wipe }, "Clear");
  const pens = choice("Pen", [["thick", "thick"], ["thin", "thin"]], pen, (value) => {
    pen = value;
    changed();
  });
  const centring = choice("Centred", [["centred", "by mass"], ["drawn", "not"]], "centred", (value) => {
    centred = value === "centred";
    changed();
  });

  // Labelled drawings, in the form of Kaggle's train.csv.
  const labels = classes.map((label, i) =>
    h("button", { type: "button", "aria-label": `This is a ${label}`, onclick: () => keep(i) }, label),
  );
  const thumbs = h("ul", { class: "kept", "aria-label": "Drawings kept" });
  const save = h("button", { type: "button", class: "main", disabled: true, onclick: download }, "Save my drawings");

  function keep(label) {
    const drawn = { label, pixels };
    const thumb = picture(SIDE, SIDE);
    paint(thumb, [...pixels].map((level) => grey(level / 255)));
    const item = h("li", {}, h("button", { type: "button", "aria-label": `Drop this drawing of a ${classes[label]}`, onclick: drop }, thumb, h("span", {}, classes[label])));
    function drop() {
      kept.splice(kept.indexOf(drawn), 1);
      const next = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
      (next?.firstChild ?? board).focus();
      save.disabled = kept.length === 0;
    }
    kept.push(drawn);
    thumbs.append(item);
    save.disabled = false;
    wipe();
    news = `Kept as a ${classes[label]}: ${kept.length} in all. The pad is empty.`;
  }

  function download() {
    const header = ["label", ...Array.from(pixels, (_, i) => `pixel${i}`)];
    const rows = [header, ...kept.map((drawn) => [drawn.label, ...drawn.pixels])];
    const file = new Blob([rows.map((row) => `${row.join(",")}\n`).join("")], { type: "text/csv" });
    const link = h("a", { href: URL.createObjectURL(file), download: "my_digits.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  const look = weights(networks, voice);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  requestAnimationFrame(show);

  return h(
    "div",
    { class: "pad" },
    h(
      "div",
      { class: "desk" },
      h("div", { class: "drawing" }, board, keys, h("div", { class: "tools" }, undo, clear, pens)),
      h("div", { class: "seen" }, h("p", { class: "name" }, "What the network sees"), seen, centring),
      h("div", { class: "says" }, ...tables.map(({ table }) => table)),
    ),
    h(
      "div",
      { class: "keep" },
      h("div", { class: "labels", role: "group", "aria-label": "Keep the drawing with its label" }, h("span", {}, "This is a"), ...labels),
      save,
      thumbs,
      h("p", { class: "note" }, "Saved as ", h("code", {}, "my_digits.csv"), " in the form of Kaggle's files. In the folder ", h("code", {}, "data"), ", the notebook measures its networks on it."),
    ),
    look?.element ?? "",
    voice.region,
  );
}

/** The weights of one unit of the first dense layer, on the digit that was drawn. */
function weights(networks, voice) {
  const firsts = networks.map(({ title, layers, input }) => {
    const at = layers.findIndex(({ type }) => type !== "flatten");
    const layer = layers[at];
    const straight = layer.type === "dense" && layer.weights.shape[0] === SIDE * SIDE && input[0] === SIDE;
    return { title, layer, straight, bent: layers[at + 1]?.type === "relu" };
  });
  if (!firsts.every(({ straight }) => straight)) return undefined;
  let first = firsts[0];
  let unit = 0;
  let chosen = false; // until a unit is, the busiest one is shown
  let pixels = new Float32Array(SIDE * SIDE);
  let empty = true;

  const pictures = ["Its weights", "What the network sees", "Weight × pixel"].map((name) => {
    const canvas = picture(SIDE, SIDE, { role: "img", "aria-label": name });
    return { canvas, figure: h("figure", {}, canvas, h("figcaption", {}, name)) };
  });
  const range = h("input", { type: "range", min: 1, value: 1, "aria-label": "Unit" });
  const number = h("span", { class: "number" });
  const busiest = h("div", { class: "busiest", role: "group", "aria-label": "Units that answer most" });
  const sums = h("p", { class: "sums" });
  const place = h("p", { class: "sums" });
  const which = firsts.length > 1
    ? choice("Network", firsts.map(({ title }, i) => [String(i), title]), "0", (value) => {
        first = firsts[Number(value)];
        fill();
      })
    : undefined;
  range.addEventListener("input", () => {
    choose(range.value - 1);
  });
  function choose(k) {
    unit = k;
    chosen = true;
    fill();
  }

  const details = h(
    "details",
    { class: "look", ontoggle: () => details.open && fill() },
    h("summary", {}, "Look inside: which pixels speak for a hidden unit, and which against?"),
    h("div", { class: "choose" }, which, h("label", { class: "range" }, h("span", {}, "Unit "), number, range), busiest),
    h(
      "div",
      { class: "votes" },
      h("div", { class: "times" }, pictures[0].figure, h("span", { "aria-hidden": "true" }, "×"), pictures[1].figure, h("span", { "aria-hidden": "true" }, "="), pictures[2].figure),
      h("div", {}, h("p", { class: "legend" }, h("span", {}, "for"), h("span", { class: "against" }, "against")), sums, place),
    ),
  );
  pictures[2].canvas.setAttribute("tabindex", 0);
  pictures[2].canvas.setAttribute("role", "application");
  pointing(pictures[2].canvas, () => [SIDE, SIDE], (row, column) => {
    tell(row * SIDE + column);
    voice.say(place.textContent);
  });

  const weight = (i) => first.layer.weights.data[i * first.layer.weights.shape[1] + unit];

  function tell(i) {
    const at = `Row ${Math.floor(i / SIDE)}, column ${i % SIDE}`;
    place.textContent = `${at}: pixel ${plain(pixels[i])} × weight ${signed(weight(i))} = ${signed(pixels[i] * weight(i))}`;
  }

  function fill() {
    const { data, shape } = first.layer.weights;
    const units = shape[1];
    const answers = Array.from(first.layer.biases);
    pixels.forEach((pixel, i) => {
      if (pixel) for (let k = 0; k < units; k++) answers[k] += pixel * data[i * units + k];
    });
    const order = answers.map((_, k) => k).sort((a, b) => answers[b] - answers[a]);
    unit = chosen || empty ? Math.min(unit, units - 1) : order[0];
    range.max = units;
    range.value = unit + 1;
    number.textContent = `${unit + 1} of ${units}`;
    const own = Array.from({ length: SIDE * SIDE }, (_, i) => weight(i));
    const votes = own.map((value, i) => value * pixels[i]);
    const [most, loudest] = [own, votes].map((values) => Math.max(...values.map(Math.abs), 1e-9));
    paint(pictures[0].canvas, own.map((value) => leaning(value / most)));
    paint(pictures[1].canvas, [...pixels].map(grey));
    paint(pictures[2].canvas, votes.map((value) => leaning(value / loudest)));

    const focused = busiest.contains(busiest.getRootNode().activeElement);
    busiest.replaceChildren(
      ...(empty ? [] : order.slice(0, 5).map((k) => h("button", { type: "button", "aria-pressed": String(k === unit), onclick: () => choose(k) }, `${k + 1}`))),
    );
    if (focused) busiest.querySelector("[aria-pressed=true]")?.focus();
    if (empty) {
      sums.textContent = "Draw a digit above, and see what this unit makes of it.";
      place.textContent = "";
      return;
    }
    const [speaking, against] = [votes.filter((v) => v > 0), votes.filter((v) => v < 0)].map(total);
    const bent = first.bent ? `; after relu it answers ${plain(Math.max(answers[unit], 0))}` : "";
    sums.textContent = `For ${signed(speaking)}, against ${signed(against)}, bias ${signed(first.layer.biases[unit])}: together ${signed(answers[unit])}${bent}.`;
    tell(strongest(votes.map(Math.abs)));
  }

  const show = (levels, isEmpty) => {
    pixels = Float32Array.from(levels, (level) => level / 255);
    empty = isEmpty;
    if (details.open) fill();
  };
  return { element: details, show };
}
