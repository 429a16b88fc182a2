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
  let incoming; // the map that comes in whose products are shown; undefined: the strongest
  let tensors, before;

  const voice = speaker();
  const table = answers("The network reads", spec.classes);
  const view = picture(height, width, { "aria-hidden": "true" });
  const frame = h("span", { class: "frame", hidden: true });
  const stand = h(
    "div",
    { class: "view", tabindex: 0, role: "application", "aria-label": "Picture" },
    view,
    frame,
  );
  const title = h("p", { class: "name" });

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
  const cover = h("input", { type: "checkbox" });
  const mode = h("label", { class: "switch" }, cover, " Slide a patch over the picture");
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
    paint(
      view,
      [...pixels].map((level) => grey(level / 255)),
    );
    title.textContent = shown.name;
    stand.setAttribute(
      "aria-label",
      `${shown.name}${covering ? ". Arrow keys move the patch" : ""}`,
    );
    const says = tensors.at(-1).data;
    table.show(says, patch && before);
    voice.say(
      `${patch ? `Patch at row ${patch[0]}, column ${patch[1]}: ` : `${shown.name}: `}${table.says(says)}.`,
    );
    maps.forEach(({ canvas }, i) => paintMap(canvas, i));
    paintMap(large, map);
    tell();
  }

  // --- Twenty test images, and a photo of one's own.
  const strip = pictures.map((one) => {
    const canvas = picture(height, width, { "aria-hidden": "true" });
    paint(
      canvas,
      [...one.pixels].map((level) => grey(level / 255)),
    );
    return h(
      "button",
      {
        type: "button",
        "aria-label": one.name,
        "aria-pressed": String(one === shown),
        onclick: () => choose(one),
      },
      canvas,
      h("span", {}, one.label),
    );
  });
  function choose(one) {
    shown = one;
    if (covering) patch = [height >> 1, width >> 1];
    before = network.predict(one.pixels);
    strip.forEach((button, i) => button.setAttribute("aria-pressed", String(pictures[i] === one)));
    cropping.hidden = one !== own;
    changed();
  }

  const own = { pixels: new Uint8Array(height * width), name: "Your photo" };
  let photo;
  const sliders = ["Size", "Left to right", "Up to down"].map((name, i) =>
    h("input", {
      type: "range",
      min: i ? 0 : 20,
      max: 100,
      value: i ? 50 : 100,
      "aria-label": name,
      oninput: crop,
    }),
  );
  const problem = h("p", { class: "problem", role: "alert" });
  const cropping = h(
    "div",
    { class: "cropping", hidden: true },
    ...sliders.map((s) =>
      h("label", { class: "range" }, h("span", {}, s.getAttribute("aria-label")), s),
    ),
  );
  const file = h("input", {
    type: "file",
    accept: "image/*",
    class: "hidden",
    onchange: open,
    "aria-label": "A photo of your own",
  });
  const upload = h("label", { class: "button" }, file, "Your own photo…");

  async function open() {
    if (!file.files.length) return;
    problem.textContent = "";
    try {
      photo = await createImageBitmap(file.files[0]);
    } catch {
      problem.textContent =
        "This file cannot be read as a picture. Choose a JPEG, PNG or WebP file.";
      return;
    }
    file.value = ""; // the same file may be chosen again
    sliders.forEach((slider, i) => (slider.value = i ? 50 : 100));
    crop();
    choose(own);
  }
  /** Cut the square that the sliders choose, and average what falls on each pixel. */
  function crop() {
    const [size, across, down] = sliders.map((slider) => slider.value / 100);
    const side = size * Math.min(photo.width, photo.height);
    const fine = 8;
    const canvas = h("canvas", { width: width * fine, height: height * fine });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(
      photo,
      across * (photo.width - side),
      down * (photo.height - side),
      side,
      side,
      0,
      0,
      canvas.width,
      canvas.height,
    );
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const sums = new Float64Array(height * width);
    for (let i = 0; i < data.length / 4; i++) {
      const at =
        Math.floor(i / canvas.width / fine) * width + Math.floor((i % canvas.width) / fine);
      sums[at] += 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
    }
    own.pixels = Uint8Array.from(sums, (sum) => Math.round(sum / fine ** 2));
    before = network.predict(own.pixels);
    changed();
  }

  // --- The maps of a stage.
  const grid = h("div", { class: "maps", role: "group" });
  const large = picture(1, 1, { "aria-hidden": "true" });
  const cursor = h("span", { class: "frame" });
  const lens = h("div", { class: "view", tabindex: 0, role: "application" }, large, cursor);
  const mapName = h("p", { class: "name" });
  let maps = [];

  const output = () => tensors[stage.end];
  function paintMap(canvas, index) {
    const { shape, data } = output();
    const values = Array.from(
      { length: shape[0] * shape[1] },
      (_, i) => data[i * shape[2] + index],
    );
    // As in the notebook, two spreads to each side of the mean; else from nothing to the largest answer.
    const top = stage.signed
      ? 2
      : Math.max(
          data.reduce((a, b) => Math.max(a, b)),
          1e-9,
        );
    paint(
      canvas,
      values.map((value) => grey(stage.signed ? value / (2 * top) + 0.5 : (value / top) ** 0.6)),
    );
  }
  function enter(next) {
    stage = next;
    map = 0;
    incoming = undefined;
    tensors ??= network.run(covered());
    const [rows, columns, count] = output().shape;
    Object.assign(large, { height: rows, width: columns });
    maps = Array.from({ length: count }, (_, i) => {
      const canvas = picture(rows, columns, { "aria-hidden": "true" });
      const button = h(
        "button",
        {
          type: "button",
          "aria-label": `Map ${i + 1}`,
          "aria-pressed": "false",
          onclick: () => take(i),
        },
        canvas,
      );
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
    incoming = undefined;
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

  // --- One place of one map: the products, and their sum.
  const said = h("p", { class: "sums" });
  const matrices = h("div", { class: "times" });
  const source = h("select", { onchange: () => ((incoming = Number(source.value)), tell()) });
  const sourceLabel = h("label", { class: "source" }, h("span", {}, "Coming in from "), source);
  const after = h("p", { class: "sums" });

  function matrix(name, values, largest, digits) {
    const wide = layers[stage.conv].weights.shape[1];
    const rows = [];
    for (let i = 0; i < values.length; i += wide) {
      rows.push(
        h(
          "tr",
          {},
          ...values.slice(i, i + wide).map((value) => {
            const cell = h("td", {}, digits(value));
            const [r, g, b] = value < 0 ? AGAINST : FOR;
            cell.style.background = `rgb(${r} ${g} ${b} / ${(0.45 * Math.min(Math.abs(value) / largest, 1)).toFixed(3)})`;
            return cell;
          }),
        ),
      );
    }
    return h("table", { class: "matrix" }, h("caption", {}, name), h("tbody", {}, ...rows));
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
    outline(
      cursor,
      place.map((at) => [at, at]),
      [rows, columns],
    );
    const at = `Row ${place[0]}, column ${place[1]}`;
    matrices.hidden = sourceLabel.hidden = after.hidden = stage.conv === undefined;
    if (stage.conv === undefined) {
      outline(
        frame,
        place.map((p) => [p, p]),
        [height, width],
      );
      const value = output().data[(place[0] * columns + place[1]) * count + map];
      said.textContent = `${at}: ${signed(value)} spreads from the mean of ${map ? "its neighbourhood" : "the whole picture"}.`;
      return;
    }
    const layer = layers[stage.conv];
    const trace = traced(layers, tensors, stage, ...place, map);
    outline(frame, seenFrom(layers, tensors, stage.end - 1, place), [height, width]);
    const parts = met(layer, tensors[stage.conv], trace.at, map);
    const order = [...parts].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
    const part = parts[incoming ?? order[0].map];
    const from = stages[stages.indexOf(stage) - 1];
    source.replaceChildren(
      ...order.map(({ map: i, sum }) => h("option", { value: i }, `map ${i + 1} (${signed(sum)})`)),
    );
    source.value = part.map;
    sourceLabel.firstChild.textContent = `${from ? from.name : "The picture"}, coming in: `;
    sourceLabel.hidden = parts.length === 1;

    const of = (name) => part.cells.map((cell) => cell[name]);
    const largest = (values) => Math.max(...values.map(Math.abs), 1e-9);
    const sign = (text) => h("span", { "aria-hidden": "true" }, text);
    matrices.replaceChildren(
      matrix("what is there", of("there"), largest(of("there")), plain),
      sign("×"),
      matrix(
        "weights",
        of("weight"),
        largest(layer.weights.data.filter((_, i) => i % layer.weights.shape[3] === map)),
        plain,
      ),
      sign("="),
      matrix("products", of("product"), largest(of("product")), signed),
      h("p", { class: "sum" }, "sum ", h("b", {}, signed(part.sum))),
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
        layer_normalization: () => `normalised: ${signed(value)}`,
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

  return h(
    "div",
    { class: "inside" },
    h("div", { class: "strip", role: "group", "aria-label": "Test images" }, ...strip),
    h("div", { class: "photo" }, upload, cropping, problem),
    h(
      "div",
      { class: "desk two" },
      h("div", { class: "drawing" }, title, stand, mode),
      h("div", { class: "says" }, table.table),
    ),
    h("div", { class: "stage" }, levels, grid),
    h(
      "div",
      { class: "desk two place" },
      h("div", { class: "drawing" }, mapName, lens),
      h("div", { class: "products" }, said, sourceLabel, matrices, after),
    ),
    voice.region,
  );
}
