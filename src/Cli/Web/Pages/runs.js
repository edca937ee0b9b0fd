import { Chart, pen } from './chart.js';
import { ask, byId, duration, el, keep, kept, number, percent, replace } from './page.js';

const most = 12;
/** What the tokens of samples can be shaded by; nats are as dark as they get at 3, rewards at the largest that is shown. */
const shadings = [{ key: 'token_kl', label: 'KL', unit: ' nats', darkest: () => 3 }, { key: 'token_reward', label: 'reward', unit: '', darkest: largest }];
const open = new Set(new URLSearchParams(location.hash.slice(1)).getAll('run'));
const held = new Map();
const charts = new Map();
const details = new Map();
let about = [];
let runs = [];
let list = null;
let stream = null;
let drawing = false;

document.addEventListener('visibilitychange', () => (document.hidden ? pause() : resume()));
addEventListener('hashchange', () => {
  const asked = new URLSearchParams(location.hash.slice(1)).getAll('run');
  if (asked.length === open.size && asked.every(id => open.has(id))) return;
  open.clear();
  for (const id of asked) open.add(id);
  tellRuns();
  follow();
});
begin();

async function begin() {
  try {
    about = await ask('/api/runs/charts');
    runs = await ask('/api/runs');
  } catch (error) {
    byId('status').textContent = error.message;
    return;
  }
  if (open.size === 0) {
    const first = runs.find(run => run.status === 'running') ?? [...runs].sort((one, other) => (one.changed < other.changed ? 1 : -1))[0];
    if (first) open.add(first.id);
  }
  tellRuns();
  resume();
}

// A browser has six connections to a server: pages that nobody looks at give theirs back.
function pause() {
  list?.close();
  stream?.close();
  list = stream = null;
}

function resume() {
  if (about.length === 0 || list !== null) return;
  list = new EventSource('/api/runs/live');
  list.addEventListener('runs', event => {
    const before = new Map(runs.map(run => [run.id, run]));
    runs = JSON.parse(event.data);
    tellRuns();
    for (const run of runs) if (open.has(run.id) && before.get(run.id)?.changed !== run.changed) details.get(run.id)?.refresh();
    byId('status').textContent = '';
  });
  list.addEventListener('error', () => { byId('status').textContent = 'The server does not answer; this page goes on when it does.'; });
  follow();
}

function tellRuns() {
  byId('none').hidden = runs.length > 0;
  byId('list').hidden = runs.length === 0;
  const focused = document.activeElement?.id;
  replace(byId('runs'), ...runs.map((run, i) => {
    const last = run.last;
    const left = run.status === 'running' ? duration(run.seconds_left) : '';
    return el('tr', {},
      el('td', { class: 'words' }, checkbox(run, i)),
      el('th', { scope: 'row' }, run.id),
      el('td', { class: `words ${run.status}` }, run.status),
      el('td', {}, run.step == null ? '–' : `${run.step}${run.steps ? ` of ${run.steps}` : ''}`),
      el('td', {}, run.done == null ? '–' : percent(run.done)),
      el('td', {}, left),
      el('td', {}, number(last.raw_score ?? last.score ?? last.loss)),
      el('td', {}, number(last.gold ?? last.eval_accuracy ?? last.accuracy)),
      el('td', {}, number(last.kl)),
      el('td', { class: 'words' }, when(run.changed)),
      el('td', { class: 'words' }, run.can_stop ? el('button', { type: 'button', id: `stop-${i}`, 'aria-label': `Stop ${run.id} with a checkpoint`, onclick: () => stop(run) }, 'Stop') : ''));
  }));
  if (focused) byId(focused)?.focus();
}

function checkbox(run, i) {
  const box = el('input', { type: 'checkbox', id: `show-${i}`, 'aria-label': `Show ${run.id}`, onchange: () => choose(run.id, box.checked) });
  box.checked = open.has(run.id);
  return box;
}

function choose(id, isOpen) {
  if (isOpen && open.size >= most) {
    byId('status').textContent = `At most ${most} runs can be compared.`;
    tellRuns();
    return;
  }
  if (isOpen) open.add(id);
  else open.delete(id);
  history.replaceState(null, '', `#${[...open].map(one => `run=${encodeURIComponent(one)}`).join('&')}`);
  follow();
}

async function stop(run) {
  if (!confirm(`Stop ${run.id}? It leaves a checkpoint, and the same command goes on from there.`)) return;
  try {
    await ask('/api/runs/stop', { run: run.id });
    byId('status').textContent = `${run.id} was asked to stop.`;
  } catch (error) {
    byId('status').textContent = error.message;
  }
}

/** Loads what the chosen runs have, then listens for what comes. */
async function follow() {
  stream?.close();
  stream = null;
  const ids = [...open].filter(id => runs.some(run => run.id === id));
  for (const id of held.keys()) if (!ids.includes(id)) held.delete(id);
  for (const [id, one] of details) if (!ids.includes(id)) { one.part.remove(); details.delete(id); }
  const names = [...new Set(about.flatMap(chart => chart.lines.map(line => line.metric)))];
  for (const id of ids) {
    if (!held.has(id)) {
      const found = await ask(`/api/runs/metrics?run=${encodeURIComponent(id)}&names=${names}`).catch(() => null);
      if (found === null) continue;
      held.set(id, found);
    }
    if (!details.has(id)) details.set(id, detail(id));
  }
  redraw();
  if (held.size === 0 || document.hidden) return;
  const known = [...held];
  stream = new EventSource(`/api/runs/events?${known.map(([id, rows]) => `run=${encodeURIComponent(id)}&from=${rows.steps.length}&generation=${rows.generation}`).join('&')}&names=${names}`);
  stream.addEventListener('rows', event => {
    const rows = JSON.parse(event.data);
    const mine = held.get(rows.run);
    if (!mine || mine.generation !== rows.generation || rows.from > mine.steps.length) return;
    const fresh = mine.steps.length - rows.from;
    if (fresh >= rows.steps.length) return;
    for (const [name, values] of Object.entries(rows.series)) {
      mine.series[name] ??= new Array(mine.steps.length).fill(null);
      mine.series[name].push(...values.slice(fresh));
    }
    mine.steps.push(...rows.steps.slice(fresh));
    for (const values of Object.values(mine.series)) while (values.length < mine.steps.length) values.push(null);
    redraw();
  });
  stream.addEventListener('reset', event => {
    held.delete(JSON.parse(event.data).run);
    follow();
  });
}

function redraw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const ids = [...held.keys()];
    byId('course').hidden = ids.length === 0;
    for (const one of about) {
      if (!charts.has(one.id)) {
        charts.set(one.id, new Chart(one));
        byId('charts').append(charts.get(one.id).figure);
      }
      charts.get(one.id).show(linesOf(one, ids));
    }
  });
}

/** With one run a colour for each metric; with several a colour for each run, and for each metric a kind of line. */
function linesOf(chart, ids) {
  const lines = [];
  for (const [run, id] of ids.entries()) {
    const { steps, series } = held.get(id);
    for (const [kind, line] of chart.lines.entries()) {
      const values = series[line.metric];
      if (!values?.some(Number.isFinite) || lines.some(other => other.id === id && other.y.every((y, i) => y === values[i]))) continue;
      const [x, y] = [[], []];
      values.forEach((value, i) => { if (value !== null) { x.push(steps[i]); y.push(value); } });
      lines.push({ id, name: ids.length > 1 ? `${id}: ${line.label}` : line.label, pen: ids.length > 1 ? pen(run, kind + 3 * Math.floor(run / 6)) : pen(kind), x, y });
    }
  }
  return lines;
}

/** What is said of one run: words, samples, the curve. */
function detail(id) {
  const words = el('div', {}), curve = el('div', { class: 'charts' }), samples = el('div', {});
  const part = el('section', { 'aria-label': id }, el('h2', {}, id), words, curve, samples);
  byId('chosen').append(part);
  let chart = null;
  async function refresh() {
    const run = `run=${encodeURIComponent(id)}`;
    const [said, shown, drawn] = await Promise.all([ask(`/api/runs/words?${run}`), ask(`/api/runs/samples?${run}`), ask(`/api/runs/curve?${run}`)].map(one => one.catch(() => null)));
    if (said !== null) replace(words, said.headline ? el('p', {}, said.headline) : null,
      said.reasons.length + said.advice.length > 0 ? el('ul', { class: 'words' }, ...said.reasons.map(text => el('li', {}, text)), ...repeated(said.advice).map(text => el('li', {}, text))) : null);
    if (drawn?.points.length > 0) {
      chart ??= new Chart({ title: 'Reward against drift', description: drawn.headline ?? '', unit: 'gain, σ of the reference', x: 'KL from the reference, nats', include: [0] });
      if (!chart.figure.isConnected) curve.append(chart.figure);
      const line = (name, points, of, k) => ({ name, pen: pen(k), points: true, x: points.map(point => point.kl), y: points.map(point => point[of] ?? NaN) });
      const sorted = [...drawn.points].sort((one, other) => one.kl - other.kl);
      chart.show([line('proxy', sorted, 'proxy', 0), line('gold', sorted, 'gold', 1), line('best of n, gold', drawn.best_of_n, 'gold', 2)]);
    }
    if (shown?.length > 0 && !samples.contains(document.activeElement)) tellSamples(samples, shown);
  }
  refresh();
  return { part, refresh };
}

/** What is said again and again, once, with how often. */
function repeated(advice) {
  const steps = new Map();
  for (const { step, text } of advice) steps.set(text, [...(steps.get(text) ?? []), step]);
  return [...steps].map(([text, at]) => `Step ${at[0]}${at.length > 1 ? `, and ${at.length - 1} times since, last at ${at.at(-1)}` : ''}: ${text}`);
}

/** The samples of a run, their tokens shaded by what the reader chose. */
function tellSamples(place, samples) {
  const rows = el('div', {}), offered = shadings.filter(one => samples.some(sample => hasTokens(sample, one)));
  const chosen = () => offered.find(one => one.key === kept('shading')) ?? offered[0];
  const fill = () => replace(rows, table(samples, chosen()));
  const choice = el('select', { 'aria-label': 'Shade tokens by', onchange: () => { keep('shading', choice.value); fill(); } },
    ...offered.map(one => el('option', { value: one.key, selected: one === chosen() }, one.label)));
  fill();
  replace(place, el('details', { open: place.querySelector('details')?.open }, el('summary', {}, `Samples of step ${samples[0].step}`),
    offered.length > 0 ? el('p', { class: 'muted' }, el('label', {}, 'Tokens are shaded by their ', offered.length > 1 ? choice : offered[0].label), '.') : null, rows));
}

function table(samples, shading) {
  const darkest = shading?.darkest(samples);
  const rows = samples.map(sample => el('tr', {}, el('td', {}, el('div', { class: 'text', dir: 'auto' }, sample.prompt ?? '')), el('td', {}, response(sample, shading, darkest),
    el('div', { class: 'muted' }, ['score', 'gold', 'kl'].filter(name => Number.isFinite(sample[name])).map(name => `${name === 'kl' ? 'KL' : name} ${number(sample[name])}`).join(' · ')))));
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Samples' }, el('table', { class: 'samples' }, el('thead', {}, el('tr', {}, el('th', { scope: 'col', class: 'words' }, 'prompt'), el('th', { scope: 'col', class: 'words' }, 'response'))), el('tbody', {}, ...rows)));
}

function response(sample, shading, darkest) {
  const text = el('div', { class: 'text', dir: 'auto' });
  if (!shading || !hasTokens(sample, shading)) {
    text.textContent = sample.response ?? '';
    return text;
  }
  const told = shadings.filter(one => hasTokens(sample, one));
  sample.tokens.forEach((token, i) => {
    const share = (sample[shading.key][i] ?? 0) / darkest;
    const shade = el('span', { title: told.map(one => `${one.label} ${number(sample[one.key][i])}${one.unit}`).join(' · ') }, token);
    if (Math.abs(share) > 0.02) {
      shade.className = share > 0 ? 'up' : 'down';
      shade.style.setProperty('--k', Math.min(1, Math.abs(share)).toFixed(2));
    }
    text.append(shade);
  });
  return text;
}

function hasTokens(sample, shading) {
  return Array.isArray(sample.tokens) && sample.tokens.length === sample[shading.key]?.length;
}

function largest(samples) {
  return Math.max(1e-6, ...samples.flatMap(sample => sample.token_reward ?? []).filter(Number.isFinite).map(Math.abs));
}

function when(time) {
  const seconds = (Date.now() - new Date(time)) / 1000;
  return seconds < 90 ? 'now' : seconds < 86400 ? `${duration(Math.floor(seconds / 60) * 60).replace(' 0 s', '')} ago` : new Date(time).toISOString().slice(0, 10);
}
