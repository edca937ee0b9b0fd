// Lines against an x axis, as SVG of our own: drawn anew whenever numbers come or the room changes.

const space = 'http://www.w3.org/2000/svg';
const dashes = ['', '7 4', '2 4'];
const margins = { left: 54, right: 14, top: 10, bottom: 34 };
let charts = 0;

/** One of six colours, and a kind of line: whole, dashed or dotted. */
export const pen = (colour, kind = 0) => ({ colour: `var(--c${colour % 6 + 1})`, className: `c${colour % 6 + 1}`, dash: dashes[kind % 3], style: ['', 'dashed', 'dotted'][kind % 3] });

export class Chart {
  /** @param about {title, description, unit, x, scale, include} */
  constructor(about) {
    this.about = about;
    this.lines = [];
    this.number = ++charts;
    this.svg = shape('svg', { role: 'img', 'aria-label': `${about.title}: ${about.unit} against ${about.x ?? 'step'}` });
    this.keys = document.createElement('p');
    this.keys.className = 'keys';
    this.figure = document.createElement('figure');
    const caption = document.createElement('figcaption');
    const title = document.createElement('h3');
    title.textContent = about.title;
    const words = document.createElement('p');
    words.textContent = about.description;
    caption.append(title, words);
    this.figure.append(caption, this.svg, this.keys);
    this.svg.addEventListener('pointermove', event => this.point(event));
    this.svg.addEventListener('pointerleave', () => this.point(null));
    new ResizeObserver(() => this.draw()).observe(this.svg);
  }

  /** @param lines [{name, pen, x, y, points}] */
  show(lines) {
    this.lines = lines.filter(line => line.y.some(Number.isFinite));
    this.figure.hidden = this.lines.length === 0;
    this.draw();
  }

  draw() {
    const box = this.svg.getBoundingClientRect();
    if (box.width < 40 || this.lines.length === 0) return;
    this.svg.setAttribute('viewBox', `0 0 ${box.width} ${box.height}`);
    const isLog = this.about.scale === 'log';
    const ys = this.lines.flatMap(line => line.y.filter(y => Number.isFinite(y) && (!isLog || y > 0))).concat(this.about.include ?? []);
    const xs = this.lines.flatMap(line => line.x.filter(Number.isFinite));
    const x = axis(least(xs), most(xs), margins.left, box.width - margins.right, false, Math.max(2, box.width / 90));
    const y = axis(least(ys), most(ys), box.height - margins.bottom, margins.top, isLog, 5);
    this.axes = { x, y };
    const parts = [];
    for (const tick of y.ticks) {
      parts.push(shape('line', { x1: margins.left, x2: box.width - margins.right, y1: y.at(tick), y2: y.at(tick), stroke: 'var(--grid)' }));
      parts.push(label(margins.left - 7, y.at(tick) + 4, short(tick), 'end'));
    }
    for (const tick of x.ticks) parts.push(label(x.at(tick), box.height - margins.bottom + 17, short(tick), 'middle'));
    parts.push(shape('line', { x1: margins.left, x2: box.width - margins.right, y1: box.height - margins.bottom, y2: box.height - margins.bottom, stroke: 'var(--axis)' }));
    parts.push(label((margins.left + box.width - margins.right) / 2, box.height - 3, this.about.x ?? 'step', 'middle'));
    for (const line of this.lines) {
      parts.push(shape('path', { d: path(line, x, y), fill: 'none', stroke: line.pen.colour, 'stroke-width': 2, 'stroke-dasharray': line.pen.dash, 'stroke-linejoin': 'round' }));
      if (line.points || line.x.length === 1) line.x.forEach((at, i) => Number.isFinite(line.y[i]) && parts.push(shape('circle', { cx: x.at(at), cy: y.at(line.y[i]), r: 3.5, fill: line.pen.colour })));
    }
    this.cross = shape('line', { y1: margins.top, y2: box.height - margins.bottom, stroke: 'var(--axis)', visibility: 'hidden' });
    this.svg.replaceChildren(...parts, this.cross);
    this.point(null);
  }

  /** Says the numbers under the pointer, or the last ones. */
  point(event) {
    if (!this.axes || this.lines.length === 0) return;
    const at = event === null ? null : this.axes.x.from(event.clientX - this.svg.getBoundingClientRect().left);
    this.cross?.setAttribute('visibility', at === null ? 'hidden' : 'visible');
    this.keys.replaceChildren(...this.lines.map(line => {
      const i = at === null ? line.x.length - 1 : nearest(line.x, at);
      if (at !== null) for (const end of ['x1', 'x2']) this.cross.setAttribute(end, this.axes.x.at(line.x[i]));
      const key = document.createElement('span');
      const ink = document.createElement('i');
      ink.className = `${line.pen.className} ${line.pen.style}`;
      key.append(ink, `${line.name} ${short(line.y[i])}${at === null ? '' : ` at ${short(line.x[i])}`}`);
      return key;
    }));
  }
}

function path(line, x, y) {
  let text = '', isDown = false, column = NaN, low = NaN, high = NaN;
  const flush = () => {
    if (low < high) text += `L${column} ${low.toFixed(1)}L${column} ${high.toFixed(1)}`;
  };
  for (let i = 0; i < line.x.length; i++) {
    const [px, py] = [Math.round(x.at(line.x[i]) * 2) / 2, y.at(line.y[i])];
    if (!Number.isFinite(py) || !Number.isFinite(px)) { flush(); isDown = false; low = high = column = NaN; continue; }
    // Of many points in one column of pixels the lowest and the highest are all that shows.
    if (px === column && isDown) { low = Math.min(low, py); high = Math.max(high, py); continue; }
    flush();
    text += `${isDown ? 'L' : 'M'}${px} ${py.toFixed(1)}`;
    [isDown, column, low, high] = [true, px, py, py];
  }
  flush();
  return text;
}

function axis(from, to, start, end, isLog, count) {
  if (!Number.isFinite(from)) [from, to] = isLog ? [1, 10] : [0, 1];
  if (isLog) {
    const [low, high] = [Math.floor(Math.log10(from)), Math.max(Math.ceil(Math.log10(to)), Math.floor(Math.log10(from)) + 1)];
    const step = Math.max(1, Math.ceil((high - low) / count));
    const ticks = [];
    for (let power = low; power <= high; power += step) ticks.push(10 ** power);
    return { ticks, at: value => value > 0 ? start + (Math.log10(value) - low) / (high - low) * (end - start) : NaN, from: place => 10 ** (low + (place - start) / (end - start) * (high - low)) };
  }
  if (from === to) [from, to] = from === 0 ? [0, 1] : [from - Math.abs(from) / 10, to + Math.abs(to) / 10];
  const rough = (to - from) / count, base = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(unit => unit * base).find(unit => unit >= rough) ?? rough;
  const isX = start < end;
  const [low, high] = isX ? [from, to] : [Math.floor(from / step + 1e-9) * step, Math.ceil(to / step - 1e-9) * step];
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-6; k++) ticks.push(k * step);
  return { ticks, at: value => start + (value - low) / (high - low) * (end - start), from: place => low + (place - start) / (end - start) * (high - low) };
}

function nearest(xs, at) {
  let low = 0, high = xs.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] < at) low = middle;
    else high = middle;
  }
  return Math.abs(xs[low] - at) <= Math.abs(xs[high] - at) ? low : high;
}

const least = values => values.reduce((one, other) => Math.min(one, other), Infinity);
const most = values => values.reduce((one, other) => Math.max(one, other), -Infinity);

function short(value) {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(1).replace('.0e', 'e').replace('e+', 'e') : String(Number(value.toPrecision(4)));
  return text.replaceAll('-', '−');
}

function shape(tag, attributes) {
  const element = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== '' && value !== undefined) element.setAttribute(name, typeof value === 'number' ? value.toFixed(1) : value);
  return element;
}

function label(x, y, text, anchor) {
  const element = shape('text', { x, y, 'text-anchor': anchor, fill: 'var(--muted)' });
  element.textContent = text;
  return element;
}
