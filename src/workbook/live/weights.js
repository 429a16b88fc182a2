// Beside the pad: which pixels speak for a unit, and which against.

/** The weights of one unit of the first dense layer, on the digit that was drawn. */
function weights(networks, voice) {
  const firsts = networks.map(({ title, layers, input }) => {
    const at = layers.findIndex(({ type }) => type !== "flatten");
    const layer = layers[at];
    const straight =
      layer.type === "dense" && layer.weights.shape[0] === SIDE * SIDE && input[0] === SIDE;
    return { title, layer, straight, bent: layers[at + 1]?.type === "relu" };
  });
  if (!firsts.every(({ straight }) => straight)) return undefined;
  let first = firsts[0];
  let unit = 0;
  let chosen = false; // until a unit is, the most active one is shown
  let pixels = new Float32Array(SIDE * SIDE);
  let empty = true;

  const pictures = ["Its weights", "What the network sees", "Weight × pixel"].map((name) => {
    const canvas = picture(SIDE, SIDE, name);
    return { canvas, figure: html`<figure>${canvas}<figcaption>${name}</figcaption></figure>` };
  });
  const range = html`
    <input type="range" min="1" value="1" aria-label="Unit" @input=${() => choose(range.value - 1)}>`;
  const number = html`<span class="number"></span>`;
  const sums = html`<p class="sums"></p>`;
  const place = html`<p class="sums"></p>`;
  const titles = firsts.map(({ title }, i) => [String(i), title]);
  const which = choice("Network", titles, "0", (value) => {
    first = firsts[value];
    fill();
  });
  function choose(k) {
    unit = k;
    chosen = true;
    fill();
  }

  const sign = (text) => html`<span aria-hidden="true">${text}</span>`;
  const [own, what, votes] = pictures.map(({ figure }) => figure);
  const details = html`
    <details class="look" @toggle=${() => details.open && fill()}>
      <summary>Look inside: which pixels speak for a hidden unit, and which against?</summary>
      <div class="choose">
        ${firsts.length > 1 ? which : ""}
        <label class="range"><span>Unit </span>${[number, range]}</label>
      </div>
      <div class="votes">
        <div class="times">${[own, sign("×"), what, sign("="), votes]}</div>
        <div><p class="legend"><span>for</span><span class="against">against</span></p>${[sums, place]}</div>
      </div>
    </details>`;
  pictures[2].canvas.setAttribute("tabindex", 0);
  pictures[2].canvas.setAttribute("role", "application");
  pointing(
    pictures[2].canvas,
    () => [SIDE, SIDE],
    (row, column) => {
      tell(row * SIDE + column);
      voice.say(place.textContent);
    },
  );

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
    unit = chosen || empty ? Math.min(unit, units - 1) : strongest(answers);
    range.max = units;
    range.value = unit + 1;
    number.textContent = `${unit + 1} of ${units}`;
    const own = Array.from({ length: SIDE * SIDE }, (_, i) => weight(i));
    const votes = own.map((value, i) => value * pixels[i]);
    const [most, loudest] = [own, votes].map((values) => Math.max(...values.map(Math.abs), 1e-9));
    paint(pictures[0].canvas, own.map((value) => leaning(value / most)));
    paint(pictures[1].canvas, [...pixels].map(grey));
    paint(pictures[2].canvas, votes.map((value) => leaning(value / loudest)));

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
