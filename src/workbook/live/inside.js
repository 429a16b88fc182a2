// Look inside a convolutional network: what it makes of a picture, map by map, place by place.

const PATCH = 7; // pixels of the side of the patch that covers part of the picture

function inside(spec, [network]) {
  const [height, width] = network.input;
  const { layers } = network;
  const stages = stagesOf(layers);
  const stored = bytes(spec.images);
  const pictures = spec.labels.map((label, i) => ({
    pixels: stored.subarray(i * height * width, (i + 1) * height * width),
    name: `Test image ${spec.numbers[i]}, ${spec.classes[label]}`,
    label: spec.classes[label],
  }));
  let shown = pictures[0];
  let patch; // [row, column] of its middle, where it is held over the picture
  let covering = false;
  let stage = stages.find(({ conv }) => conv !== undefined);
  let map = 0;
  let place = [0, 0];
  let tensors, before;

  const voice = speaker();
  const table = answers("The network reads", spec.classes);
  const view = picture(height, width);
  const frame = html`<span class="frame" hidden></span>`;
  const stand = html`
    <div class="view" tabindex="0" role="application" aria-label="Picture">${[view, frame]}</div>`;
  const title = html`<p class="name"></p>`;

  // --- The picture, and the patch over it.
  function covered() {
    const pixels = Uint8Array.from(shown.pixels);
    if (!patch) return pixels;
    const level = Math.round(total(pixels) / pixels.length);
    eachCovered((i) => (pixels[i] = level));
    return pixels;
  }
  function eachCovered(visit) {
    const half = PATCH >> 1;
    for (let y = Math.max(patch[0] - half, 0); y <= Math.min(patch[0] + half, height - 1); y++)
      for (let x = Math.max(patch[1] - half, 0); x <= Math.min(patch[1] + half, width - 1); x++)
        visit(y * width + x);
  }
  const movePatch = pointing(
    stand,
    () => [height, width],
    (row, column) => {
      if (!covering) return;
      patch = [row, column];
      changed();
    },
  );
  const cover = html`<input type="checkbox">`;
  cover.addEventListener("change", () => {
    covering = cover.checked;
    patch = covering ? [height >> 1, width >> 1] : undefined;
    movePatch(height >> 1, width >> 1);
    changed();
  });

  const changed = withNextFrame(update);

  function update() {
    const pixels = covered();
    tensors = network.run(pixels);
    if (!patch) before = tensors.at(-1).data;
    paintLevels(view, pixels);
    title.textContent = shown.name;
    stand.setAttribute("aria-label", `${shown.name}${covering ? ". Arrow keys move the patch" : ""}`);
    const says = tensors.at(-1).data;
    table.show(says, patch && before);
    const about = patch ? `Patch at row ${patch[0]}, column ${patch[1]}` : shown.name;
    voice.say(`${about}: ${table.says(says)}.`);
    maps.forEach(({ canvas }, i) => paintMap(canvas, i));
    paintMap(large, map);
    tell();
  }

  // --- Twenty test images.
  const strip = pictures.map((one) => {
    const canvas = picture(height, width);
    paintLevels(canvas, one.pixels);
    return html`
      <button type="button" aria-label=${one.name} aria-pressed=${String(one === shown)}
        @click=${() => choose(one)}>${canvas}<span>${one.label}</span></button>`;
  });
  function choose(one) {
    shown = one;
    if (covering) patch = [height >> 1, width >> 1];
    before = network.predict(one.pixels);
    strip.forEach((button, i) => button.setAttribute("aria-pressed", String(pictures[i] === one)));
    changed();
  }

  // --- The maps of a stage.
  const grid = html`<div class="maps" role="group"></div>`;
  const large = picture(1, 1);
  const cursor = html`<span class="frame"></span>`;
  const lens = html`<div class="view" tabindex="0" role="application">${[large, cursor]}</div>`;
  const mapName = html`<p class="name"></p>`;
  let maps = [];

  const output = () => tensors[stage.end];
  function paintMap(canvas, index) {
    const { shape, data } = output();
    const values = data.filter((_, i) => i % shape[2] === index);
    // As in the notebook, two spreads to each side of the mean; else from nothing to the largest answer.
    const top = data.reduce((a, b) => Math.max(a, b), 1e-9);
    const shade = (value) => grey(stage.signed ? value / 4 + 0.5 : (value / top) ** 0.6);
    paint(canvas, Array.from(values, shade));
  }
  function enter(next) {
    stage = next;
    map = 0;
    tensors ??= network.run(covered());
    const [rows, columns, count] = output().shape;
    Object.assign(large, { height: rows, width: columns });
    maps = Array.from({ length: count }, (_, i) => {
      const canvas = picture(rows, columns);
      const button = html`
        <button type="button" aria-label=${`Map ${i + 1}`} aria-pressed="false" @click=${() => take(i)}>
          ${canvas}
        </button>`;
      return { canvas, button };
    });
    grid.replaceChildren(...maps.map(({ button }) => button));
    grid.classList.toggle("few", count < 8);
    grid.setAttribute("aria-label", `${stage.name}: ${count} maps of ${rows} × ${columns}`);
    // Begin where there is most to see.
    const at = strongest(output().data);
    place = [Math.floor(at / count / columns), Math.floor(at / count) % columns];
    movePlace(...place);
    take(at % count);
  }
  function take(index) {
    map = index;
    maps.forEach(({ button }, i) => button.setAttribute("aria-pressed", String(i === map)));
    changed();
  }
  const movePlace = pointing(
    lens,
    () => output().shape,
    (row, column) => {
      place = [row, column];
      tell();
      voice.say(said.textContent);
    },
  );

  // --- One place of one map: the products of the map that counts most there, and their sum.
  const said = html`<p class="sums"></p>`;
  const matrices = html`<div class="times"></div>`;
  const comingIn = html`<p class="sums"></p>`;
  const after = html`<p class="sums"></p>`;

  function matrix(name, values, largest, digits) {
    const wide = layers[stage.conv].weights.shape[1];
    const cells = values.map((value) => {
      const cell = html`<td>${digits(value)}</td>`;
      const strength = 0.45 * Math.min(Math.abs(value) / largest, 1);
      cell.style.background = `rgb(${(value < 0 ? AGAINST : FOR).join(" ")} / ${strength.toFixed(3)})`;
      return cell;
    });
    const rows = Array.from(
      { length: values.length / wide },
      (_, i) => html`<tr>${cells.slice(i * wide, (i + 1) * wide)}</tr>`,
    );
    return html`<table class="matrix"><caption>${name}</caption><tbody>${rows}</tbody></table>`;
  }

  function outline(element, [rows, columns], [all, wide]) {
    frame.hidden = covering; // one thing at a time
    Object.assign(element.style, {
      top: percent(rows[0] / all, 3),
      left: percent(columns[0] / wide, 3),
      height: percent((rows[1] - rows[0] + 1) / all, 3),
      width: percent((columns[1] - columns[0] + 1) / wide, 3),
    });
  }

  function tell() {
    const [rows, columns, count] = output().shape;
    mapName.textContent = `${stage.name}, map ${map + 1} of ${count}`;
    lens.setAttribute(
      "aria-label",
      `${mapName.textContent}, ${rows} × ${columns} places. Arrow keys choose a place`,
    );
    outline(cursor, place.map((at) => [at, at]), [rows, columns]);
    const at = `Row ${place[0]}, column ${place[1]}`;
    matrices.hidden = comingIn.hidden = after.hidden = stage.conv === undefined;
    if (stage.conv === undefined) {
      outline(frame, place.map((at) => [at, at]), [height, width]);
      const value = output().data[(place[0] * columns + place[1]) * count + map];
      said.textContent = `${at}: ${signed(value)} spreads from the mean of ${map ? "its neighbourhood" : "the whole picture"}.`;
      return;
    }
    const layer = layers[stage.conv];
    const trace = traced(layers, tensors, stage, ...place, map);
    outline(frame, seenFrom(layers, tensors, stage.end - 1, place), [height, width]);
    const parts = met(layer, tensors[stage.conv], trace.at, map);
    const part = parts[strongest(parts.map(({ sum }) => Math.abs(sum)))];
    const from = stages[stages.indexOf(stage) - 1];
    comingIn.hidden = parts.length === 1;
    comingIn.textContent = `${from ? from.name : "The picture"}, map ${part.map + 1} of ${parts.length}, which counts most here:`;

    const of = (name) => part.cells.map((cell) => cell[name]);
    const largest = (values) => Math.max(...values.map(Math.abs), 1e-9);
    const sign = (text) => html`<span aria-hidden="true">${text}</span>`;
    const filter = layer.weights.data.filter((_, i) => i % layer.weights.shape[3] === map);
    matrices.replaceChildren(
      matrix("what is there", of("there"), largest(of("there")), plain),
      sign("×"),
      matrix("weights", of("weight"), largest(filter), plain),
      sign("="),
      matrix("products", of("product"), largest(of("product")), signed),
      html`<p class="sum">sum <b>${signed(part.sum)}</b></p>`,
    );
    const bias = layer.biases[map];
    const all =
      parts.length === 1
        ? ""
        : `All ${parts.length} maps together: ${signed(total(parts.map(({ sum }) => sum)))}. `;
    const steps = trace.path.map(({ layer: { type, size }, value }) =>
      ({
        max_pooling: () => `the largest of its ${size?.join(" × ")} places: ${signed(value)}`,
        affine: () => `normalised: ${signed(value)}`,
        relu: () => `after relu: ${plain(value)}`,
      })[type](),
    );
    const answer = output().data[(place[0] * columns + place[1]) * count + map];
    said.textContent = `${at} of this map: ${plain(answer)}. The filter meets, at row ${trace.at[0]}, column ${trace.at[1]} of what comes in:`;
    after.textContent = `${all}${bias ? `With the bias of ${signed(bias)}: ${signed(trace.value)}. ` : ""}Then ${steps.join("; ")}.`;
  }

  const levels = choice(
    "Maps after",
    stages.map((one, i) => [String(i), one.name]),
    String(stages.indexOf(stage)),
    (value) => enter(stages[Number(value)]),
  );
  enter(stage);
  requestAnimationFrame(update);

  return html`
    <div class="inside">
      <div class="strip" role="group" aria-label="Test images">${strip}</div>
      <div class="desk two">
        <div class="drawing">
          ${[title, stand]}<label class="switch">${cover} Slide a patch over the picture</label>
        </div>
        <div class="says">${table.table}</div>
      </div>
      <div class="stage">${[levels, grid]}</div>
      <div class="desk two place">
        <div class="drawing">${[mapName, lens]}</div>
        <div class="products">${[said, comingIn, matrices, after]}</div>
      </div>
      ${voice.region}
    </div>`;
}
