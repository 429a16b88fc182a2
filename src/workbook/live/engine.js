// Forward passes of the networks of this course. Keras is the oracle: the tests compare the two.
//
// A tensor is {shape, data}: `data` a Float32Array with the last axis running fastest, as in NumPy.
// A layer's weights come as base64: kernels as int8 with one float32 step for each output channel,
// all others as float32. `workbook.live.network` writes what is read here, and refuses the rest.

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const floats = (text) => new Float32Array(bytes(text).buffer);

/** A kernel {shape, int8, step} as {shape, data}: weight = whole number × its channel's step. */
function kernel(packed) {
  const steps = floats(packed.step);
  const whole = new Int8Array(bytes(packed.int8).buffer);
  return {
    shape: packed.shape,
    data: Float32Array.from(whole, (w, i) => w * steps[i % steps.length]),
  };
}

const tensor = (shape, data) => ({
  shape,
  data: data ?? new Float32Array(shape.reduce((a, b) => a * b, 1)),
});

const last = (x) => x.shape[x.shape.length - 1];

/** Where a window of `size`, moved by `stride`, stands: how many places, and how far outside it starts. */
function windows(length, size, stride, padding) {
  if (padding === "valid") return { places: Math.floor((length - size) / stride) + 1, before: 0 };
  const places = Math.ceil(length / stride);
  return { places, before: Math.max((places - 1) * stride + size - length, 0) >> 1 };
}

/** Call `visit(y, x, from, to)` for each place of a window: the offsets of an output and an input. */
function slide(x, size, strides, padding, channels, visit) {
  const [height, width, depth] = x.shape;
  const down = windows(height, size[0], strides[0], padding);
  const across = windows(width, size[1], strides[1], padding);
  for (let y = 0; y < down.places; y++)
    for (let z = 0; z < across.places; z++)
      for (let ky = 0; ky < size[0]; ky++) {
        const row = y * strides[0] - down.before + ky;
        if (row < 0 || row >= height) continue;
        for (let kx = 0; kx < size[1]; kx++) {
          const column = z * strides[1] - across.before + kx;
          if (column < 0 || column >= width) continue;
          const to = (y * across.places + z) * channels;
          visit(to, (row * width + column) * depth, ky * size[1] + kx);
        }
      }
}

function slid(x, size, strides, padding, channels) {
  const places = (axis) => windows(x.shape[axis], size[axis], strides[axis], padding).places;
  return tensor([places(0), places(1), channels]);
}

const OPERATIONS = {
  flatten: () => (x) => tensor([x.data.length], x.data),

  relu: () => (x) => tensor(x.shape, x.data.map((value) => Math.max(value, 0))),

  softmax: () => (x) => {
    const top = x.data.reduce((a, b) => Math.max(a, b));
    const powers = x.data.map((value) => Math.exp(value - top));
    const sum = powers.reduce((a, b) => a + b);
    return tensor(x.shape, powers.map((power) => power / sum));
  },

  // Batch normalisation at inference: one factor and one term for each channel.
  affine(layer) {
    const [factor, term] = [floats(layer.factor), floats(layer.term)];
    const change = (value, i) => value * factor[i % factor.length] + term[i % term.length];
    return (x) => tensor(x.shape, x.data.map(change));
  },

  dense(layer) {
    const weights = (layer.weights = kernel(layer.kernel));
    const [inputs, units] = weights.shape;
    const bias = (layer.biases = floats(layer.bias));
    return (x) => {
      const made = tensor([...x.shape.slice(0, -1), units]);
      for (let from = 0, to = 0; from < x.data.length; from += inputs, to += units) {
        const sums = made.data.subarray(to, to + units);
        sums.set(bias);
        for (let i = 0; i < inputs; i++) {
          const value = x.data[from + i];
          if (value === 0) continue; // most of a drawing is background
          for (let unit = 0, w = i * units; unit < units; unit++, w++)
            sums[unit] += value * weights.data[w];
        }
      }
      return made;
    };
  },

  conv2d(layer) {
    const weights = (layer.weights = kernel(layer.kernel));
    const [high, wide, depth, filters] = weights.shape;
    const bias = (layer.biases = floats(layer.bias));
    return (x) => {
      const made = slid(x, [high, wide], layer.strides, layer.padding, filters);
      for (let at = 0; at < made.data.length; at += filters) made.data.set(bias, at);
      slide(x, [high, wide], layer.strides, layer.padding, filters, (to, from, cell) => {
        for (let channel = 0; channel < depth; channel++) {
          const value = x.data[from + channel];
          if (value === 0) continue; // as relu leaves many
          const w = (cell * depth + channel) * filters;
          for (let filter = 0; filter < filters; filter++) {
            made.data[to + filter] += value * weights.data[w + filter];
          }
        }
      });
      return made;
    };
  },

  max_pooling: (layer) => (x) => {
    const channels = last(x);
    const made = slid(x, layer.size, layer.strides, layer.padding, channels);
    made.data.fill(-Infinity);
    slide(x, layer.size, layer.strides, layer.padding, channels, (to, from) => {
      for (let channel = 0; channel < channels; channel++) {
        made.data[to + channel] = Math.max(made.data[to + channel], x.data[from + channel]);
      }
    });
    return made;
  },

  // Each pixel against the whole image, and against its neighbourhood: see workbook.layers.contrast.
  local_contrast(layer) {
    return (x) => {
      const [height, width] = x.shape;
      const [rows, columns] = [gaussian(height, layer.sigma), gaussian(width, layer.sigma)];
      const whole = (values) => {
        const mean = values.reduce((a, b) => a + b, 0) / values.length;
        return new Float64Array(values.length).fill(mean);
      };
      const around = (values) =>
        product(product(rows, values, height, height, width), columns, height, width, width, true);
      const made = tensor([height, width, 2]);
      const pixels = Float64Array.from(x.data);
      [whole, around].forEach((mean, channel) => {
        const level = mean(pixels);
        const squares = mean(pixels.map((value) => value * value));
        pixels.forEach((value, i) => {
          const variance = Math.max(squares[i] - level[i] ** 2, 0);
          made.data[2 * i + channel] = (value - level[i]) / Math.sqrt(variance + layer.floor ** 2);
        });
      });
      return made;
    };
  },
};

/** Weights (size × size), Gaussian around each place of a line, rows summing to 1. */
function gaussian(size, sigma) {
  const weights = new Float64Array(size * size);
  for (let at = 0; at < size; at++) {
    const row = weights.subarray(at * size, (at + 1) * size);
    row.forEach((_, i) => (row[i] = Math.exp(-((i - at) ** 2) / (2 * sigma ** 2))));
    const sum = row.reduce((a, b) => a + b);
    row.forEach((value, i) => (row[i] = value / sum));
  }
  return weights;
}

/** The matrix product of a (n × m) and b (m × k, or k × m where it is `turned`). */
function product(a, b, n, m, k, turned = false) {
  const made = new Float64Array(n * k);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < k; j++)
      for (let l = 0; l < m; l++)
        made[i * k + j] += a[i * m + l] * b[turned ? j * m + l : l * k + j];
  return made;
}

/**
 * Make a network of its description. `run(pixels)` takes grey levels from 0 to 255 and returns the
 * tensors on the way: what came in, then what each layer made of it; `predict` the last one's numbers.
 */
function network(description) {
  const layers = description.layers.map((layer) => ({ ...layer }));
  const steps = layers.map((layer) => OPERATIONS[layer.type](layer));
  const run = (pixels) => {
    const image = tensor(description.input, Float32Array.from(pixels, (level) => level / 255));
    return steps.reduce((made, step) => [...made, step(made[made.length - 1])], [image]);
  };
  return { ...description, layers, run, predict: (pixels) => run(pixels).at(-1).data };
}
