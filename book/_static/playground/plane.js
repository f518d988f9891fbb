// What every unit says to all inputs: a grid of points over the plane of the data, or over the line.

import { atPoints } from "./data.js";
import { h } from "./dom.js";
import { abs, clip, floor, max, min, range, round } from "./builtins.js";

// The points of the grid along each axis; those of a line; the colours of low and high.
const GRID = 36;
const LINE = 120;
const COLOURS = [[200, 125, 0], [0, 114, 178]];
/** What a function can say, where it has limits. */
export const RANGES = { sigmoid: [0, 1], step: [0, 1], tanh: [-1, 1] };

// 255 shades from low over nothing to high, as the numbers that stand for pixels.
const SHADES = Uint32Array.from({ length: 255 }, (_, k) => {
  const side = (k - 127) / 127;
  const [red, green, blue] = COLOURS[side > 0 ? 1 : 0];
  return ((round(190 * abs(side)) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
});

// The picture of one unit, one pixel for each point of the grid: painted here, then drawn larger where it belongs.
const brush = h("canvas", { width: GRID, height: GRID });
const image = new ImageData(GRID, GRID);
const pixels = new Uint32Array(image.data.buffer);

function limits(values) {
  const [low, high] = [min(...values), max(...values)];
  const margin = high > low ? 0.12 * (high - low) : 1;
  return [low - margin, high + margin];
}

export class Plane {
  constructor(net, data, state) {
    this.net = net;
    this.line = data.dimensions === 1;
    this.x = limits(data.points.map(([u]) => u));
    this.y = this.line ? limits(data.y) : limits(data.points.map(([, v]) => v));
    this.target = data.classes ? [0, 1] : [min(...data.y), max(...data.y)];
    this.ranges = net.sizes.map((_, l) => (l === 0 ? null : RANGES[l < net.L ? state.hidden : state.output]));
    const at = (k, [low, high], n) => low + ((high - low) * (k + 0.5)) / n;
    const points = this.line
      ? range(LINE).map((k) => [at(k, this.x, LINE)])
      : range(GRID * GRID).map((k) => [at(k % GRID, this.x, GRID), at(GRID - 1 - floor(k / GRID), this.y, GRID)]);
    this.trace = net.trace(atPoints(data.features, points), points.length);
  }

  update(theta) {
    this.net.forward(theta, this.trace);
  }

  /** The lowest and the highest value that the colours of a unit tell apart. */
  range(l, j) {
    if (this.ranges[l]) return this.ranges[l];
    const [values, M] = [this.trace.a[l], this.net.sizes[l]];
    let most = 1e-9;
    for (let k = j; k < values.length; k += M) most = max(most, abs(values[k]));
    return [-most, most];
  }

  /** Paint one unit into a rectangle of a canvas, in colours, or as a curve over the line. */
  paint(context, l, j, [x, y, width, height], [low, high] = this.range(l, j)) {
    const [values, M] = [this.trace.a[l], this.net.sizes[l]];
    if (this.line) {
      context.strokeStyle = this.ink;
      context.beginPath();
      for (let k = 0; k < LINE; k++) {
        const share = clip((values[k * M + j] - low) / (high - low || 1), 0, 1);
        context.lineTo(x + ((k + 0.5) * width) / LINE, y + height - 2 - share * (height - 4));
      }
      context.stroke();
      return;
    }
    const scale = 254 / (high - low || 1);
    for (let k = 0; k < pixels.length; k++) {
      const shade = (values[k * M + j] - low) * scale;
      pixels[k] = SHADES[shade > 0 ? (shade < 254 ? round(shade) : 254) : 0];
    }
    brush.getContext("2d").putImageData(image, 0, 0);
    context.drawImage(brush, x, y, width, height);
  }
}
