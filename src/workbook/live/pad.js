// The pad: a digit is drawn, and the networks say what they read in it.

function pad(spec, networks) {
  const classes = spec.classes;
  let strokes = [];
  let pen = "thick";
  let centred = true;
  let pixels = new Uint8Array(SIDE * SIDE);
  const kept = [];
  let news = "The pad is empty."; // what there is to say of an empty pad

  const SHARP = 20; // canvas pixels for each of the 28
  const canvas = html`<canvas width=${SIDE * SHARP} height=${SIDE * SHARP}></canvas>`;
  const hint = html`<span class="hint">Draw a digit</span>`;
  const board = html`
    <div class="board" tabindex="0" role="application" aria-label="Drawing pad" aria-describedby="keys">
      ${[canvas, hint]}
    </div>`;
  const seen = picture(SIDE, SIDE, "What the network sees");
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
    paintLevels(seen, pixels);
    seen.setAttribute(
      "aria-label",
      empty
        ? "What the network sees: nothing yet"
        : `What the network sees: ${percent(total(pixels) / 255 / SIDE ** 2)} of the picture is ink`,
    );
    const read = networks.map((network) => (empty ? undefined : network.predict(pixels)));
    tables.forEach((table, i) => table.show(read[i]));
    for (const button of [undo, clear, ...labels]) button.disabled = empty;
    if (look) look.show(pixels, empty);
    const named = networks.length > 1;
    voice.say(
      empty
        ? news
        : tables
            .map((t, i) => `${named ? `${networks[i].title}: ` : ""}${t.says(read[i])}`)
            .join(". "),
    );
  }

  const changed = withNextFrame(show);

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * SIDE,
      ((event.clientY - box.top) / box.height) * SIDE,
    ];
  };
  // One pointer at a time. While a pen is near, what touches the pad is the hand that holds it.
  let drawing; // the pointer's id and type, and its stroke
  let penNear = false;
  const drop = () => {
    strokes = strokes.filter((stroke) => stroke !== drawing.stroke);
    drawing = undefined;
    changed();
  };
  for (const [name, near] of [["pointerover", true], ["pointerleave", false]])
    board.addEventListener(name, (event) => {
      if (event.pointerType === "pen") penNear = near;
    });
  board.addEventListener("pointerdown", (event) => {
    const byPen = event.pointerType === "pen";
    if (event.button !== 0 || (penNear && event.pointerType === "touch")) return;
    if (drawing && byPen && drawing.type === "touch") drop();
    if (drawing) return;
    drawing = { id: event.pointerId, type: event.pointerType, stroke: [place(event)] };
    strokes.push(drawing.stroke);
    Object.assign(keyboard, { down: false, shown: false });
    changed();
    board.setPointerCapture(event.pointerId);
  });
  board.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing?.id) return;
    const between = event.getCoalescedEvents?.() ?? [];
    drawing.stroke.push(...(between.length ? between : [event]).map(place));
    changed();
  });
  board.addEventListener("pointercancel", (event) => {
    // So a tablet says that it was the hand.
    if (event.pointerId === drawing?.id && drawing.type === "touch") drop();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
    board.addEventListener(end, (event) => {
      if (event.pointerId === drawing?.id) drawing = undefined;
    });

  const step = 0.7;
  board.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (ARROWS[event.key]) {
      keyboard.held.add(event.key);
      keyboard.shown = true;
      for (const key of keyboard.held) {
        const [down, across] = ARROWS[key];
        const [x, y] = keyboard.at;
        keyboard.at = [x + step * across, y + step * down].map((value) =>
          Math.min(Math.max(value, 1), SIDE - 1),
        );
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
  const undo = html`<button type="button" @click=${takeBack}>Undo</button>`;
  const clear = html`<button type="button" @click=${wipe}>Clear</button>`;
  const pens = choice("Pen", Object.keys(PENS).map((name) => [name, name]), pen, (value) => {
    pen = value;
    changed();
  });
  const ways = [["centred", "by mass"], ["drawn", "not"]];
  const centring = choice("Centred", ways, "centred", (value) => {
    centred = value === "centred";
    changed();
  });

  // Labelled drawings, in the form of Kaggle's train.csv.
  const labels = classes.map(
    (label, i) => html`
      <button type="button" aria-label=${`This is a ${label}`} @click=${() => keep(i)}>${label}</button>`,
  );
  const thumbs = html`<ul class="kept" aria-label="Drawings kept"></ul>`;
  const save = html`
    <button type="button" class="main" disabled @click=${download}>Save my drawings</button>`;

  function keep(label) {
    const drawn = { label, pixels };
    const thumb = picture(SIDE, SIDE);
    paintLevels(thumb, pixels);
    const name = `Drop this drawing of a ${classes[label]}`;
    const item = html`
      <li><button type="button" aria-label=${name} @click=${drop}>${thumb}<span>${classes[label]}</span>
      </button></li>`;
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
    const link = html`<a href=${URL.createObjectURL(file)} download="my_digits.csv"></a>`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  const look = weights(networks, voice);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  requestAnimationFrame(show);

  return html`
    <div class="pad">
      <div class="desk">
        <div class="drawing">
          ${board}
          <p class="keys" id="keys">Arrow keys move the pen, Space sets it down and lifts it, Backspace
            takes a stroke back.</p>
          <div class="tools">${[undo, clear, pens]}</div>
        </div>
        <div class="seen"><p class="name">What the network sees</p>${[seen, centring]}</div>
        <div class="says">${tables.map(({ table }) => table)}</div>
      </div>
      <div class="keep">
        <div class="labels" role="group" aria-label="Keep the drawing with its label">
          <span>This is a</span>${labels}
        </div>
        ${[save, thumbs]}
        <p class="note">Saved as <code>my_digits.csv</code> in the form of Kaggle's files. In the folder
          <code>data</code>, the notebook measures its networks on it.</p>
      </div>
      ${[look?.element ?? "", voice.region]}
    </div>`;
}
