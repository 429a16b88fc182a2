// What a place of a map came from: the layers behind it, the pixels it sees, the products it sums.

/** What the network shows on its way: after LocalContrast, and after each block of layers. */
function stagesOf(layers) {
  const stages = [];
  layers.forEach((layer, k) => {
    if (layer.type === "local_contrast")
      stages.push({ name: "Local contrast", end: k + 1, signed: true });
    if (layer.type !== "conv2d") return;
    let end = k + 1;
    while (["max_pooling", "affine", "relu"].includes(layers[end]?.type))
      end++;
    const name = `Block ${stages.filter(({ conv }) => conv !== undefined).length + 1}`;
    const bent = layers.slice(k, end).some(({ type }) => type === "relu");
    stages.push({ name, conv: k, end, signed: !bent });
  });
  return stages;
}

/** The row and column at which a window begins that makes a place of a layer's output. */
const origin = (before, size, strides, padding, place) =>
  place.map(
    (at, axis) =>
      at * strides[axis] - windows(before.shape[axis], size[axis], strides[axis], padding).before,
  );

/** From a place of a stage back to its convolution: the value after each layer, and where it stood. */
function traced(layers, tensors, stage, row, column, map) {
  const path = [];
  let at = [row, column];
  const value = (tensor) => tensor.data[(at[0] * tensor.shape[1] + at[1]) * tensor.shape[2] + map];
  for (let k = stage.end - 1; k > stage.conv; k--) {
    path.unshift({ layer: layers[k], value: value(tensors[k + 1]) });
    if (layers[k].type !== "max_pooling") continue;
    const { size, strides, padding } = layers[k];
    const [before, from] = [tensors[k], at];
    let best = -Infinity;
    const start = origin(before, size, strides, padding, from);
    for (let y = Math.max(start[0], 0); y < Math.min(start[0] + size[0], before.shape[0]); y++)
      for (let x = Math.max(start[1], 0); x < Math.min(start[1] + size[1], before.shape[1]); x++) {
        const found = before.data[(y * before.shape[1] + x) * before.shape[2] + map];
        if (found > best) [best, at] = [found, [y, x]];
      }
  }
  return { path, at, value: value(tensors[stage.conv + 1]) };
}

/** The rows and columns of the picture, [first, last] of each, that a place of a layer's output sees. */
function seenFrom(layers, tensors, k, place) {
  let spans = place.map((at) => [at, at]);
  for (; k >= 0; k--) {
    const layer = layers[k];
    const size = layer.type === "conv2d" ? layer.weights.shape : layer.size;
    if (!layer.strides) continue;
    const [firsts, lasts] = [0, 1].map((end) =>
      origin(tensors[k], size, layer.strides, layer.padding, spans.map((span) => span[end])),
    );
    spans = firsts.map((first, axis) => [first, lasts[axis] + size[axis] - 1]);
  }
  return spans.map(([first, end], axis) => [
    Math.max(first, 0),
    Math.min(end, tensors[0].shape[axis] - 1),
  ]);
}

/** What a filter meets at a place: for each map that comes in, what is there, its weights, their products. */
function met(layer, before, place, filter) {
  const [high, wide, depth, filters] = layer.weights.shape;
  const [top, left] = origin(before, [high, wide], layer.strides, layer.padding, place);
  return Array.from({ length: depth }, (_, map) => {
    const cells = Array.from({ length: high * wide }, (_, cell) => {
      const [y, x] = [top + Math.floor(cell / wide), left + (cell % wide)];
      const inside = y >= 0 && y < before.shape[0] && x >= 0 && x < before.shape[1];
      const there = inside ? before.data[(y * before.shape[1] + x) * depth + map] : 0;
      const weight = layer.weights.data[(cell * depth + map) * filters + filter];
      return { there, weight, product: there * weight };
    });
    return { map, cells, sum: total(cells.map(({ product }) => product)) };
  });
}
