// GeoJSON polygons: where they are, what they hold. Coordinates stay as the server gave them.

const boxes = new WeakMap();
const points = new WeakMap();

const polygonsOf = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : type === "MultiPolygon" ? coordinates : []);

export function latLngs(geometry) {
  return polygonsOf(geometry).map((rings) => rings.map((ring) => ring.map(([x, y]) => [y, x])));
}

/** West, south, east, north. */
export function boxOf(feature) {
  if (!boxes.has(feature)) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const [outer] of polygonsOf(feature.geometry)) {
      for (const [x, y] of outer) {
        if (x < box[0]) box[0] = x;
        if (y < box[1]) box[1] = y;
        if (x > box[2]) box[2] = x;
        if (y > box[3]) box[3] = y;
      }
    }
    boxes.set(feature, box);
  }
  return boxes.get(feature);
}

function crossings(rings, x, y) {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [ax, ay] = ring[i];
      const [bx, by] = ring[j];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
  }
  return inside;
}

export function holds(feature, x, y) {
  const [west, south, east, north] = boxOf(feature);
  if (x < west || x > east || y < south || y > north) return false;
  return polygonsOf(feature.geometry).some((rings) => crossings(rings, x, y));
}

/** A point well inside: the middle of the longest run across, of some rows around the middle. */
export function innerPoint(feature) {
  if (!points.has(feature)) points.set(feature, runs(feature));
  return points.get(feature);
}

function runs(feature) {
  const [, south, , north] = boxOf(feature);
  let best = null;
  let long = 0;
  for (const part of [0.5, 0.4, 0.6, 0.3, 0.7]) {
    const y = south + (north - south) * part + 1e-9;
    for (const rings of polygonsOf(feature.geometry)) {
      const cuts = [];
      for (const ring of rings) {
        for (let i = 1; i < ring.length; i += 1) {
          const [ax, ay] = ring[i - 1];
          const [bx, by] = ring[i];
          if (ay > y !== by > y) cuts.push(((bx - ax) * (y - ay)) / (by - ay) + ax);
        }
      }
      cuts.sort((a, b) => a - b);
      for (let i = 0; i + 1 < cuts.length; i += 2) {
        if (cuts[i + 1] - cuts[i] > long * 1.05) {
          long = cuts[i + 1] - cuts[i];
          best = [(cuts[i] + cuts[i + 1]) / 2, y];
        }
      }
    }
  }
  return best;
}

/** The point in the middle of a line, by its length. */
export function middleOf(line) {
  const lengths = line.slice(1).map(([x, y], n) => Math.hypot(x - line[n][0], y - line[n][1]));
  let left = lengths.reduce((sum, one) => sum + one, 0) / 2;
  for (let n = 0; n < lengths.length; n += 1) {
    if (left <= lengths[n]) {
      const part = lengths[n] ? left / lengths[n] : 0;
      return [line[n][0] + (line[n + 1][0] - line[n][0]) * part, line[n][1] + (line[n + 1][1] - line[n][1]) * part];
    }
    left -= lengths[n];
  }
  return line[line.length - 1];
}
