// From strokes of a pen to the 28 × 28 grey levels that a network sees.

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
          const along =
            length && Math.min(Math.max((across * (x2 - x1) + down * (y2 - y1)) / length, 0), 1);
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
    strokes.map((stroke) =>
      stroke.map((p) =>
        p.map((v, axis) => (v - (low[axis] + high[axis]) / 2) * scale + SIDE / 2 + shift[axis]),
      ),
    );
  const pixels = inked(moved([0, 0]), pen * scale);
  const mass = total(pixels);
  const centre = [0, 0];
  pixels.forEach((level, i) => {
    centre[0] += (level / mass) * ((i % SIDE) + 0.5);
    centre[1] += (level / mass) * (Math.floor(i / SIDE) + 0.5);
  });
  return inked(moved(centre.map((at) => Math.round(SIDE / 2 - at))), pen * scale);
}
