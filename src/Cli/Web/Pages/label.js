import { ask, byId, duration, el, freshId, keep, kept, number, percent, Refused, replace } from './page.js';

const answers = { 'pick-left': 'left', 'pick-right': 'right', 'pick-tie': 'tie', 'pick-skip': 'skip' };
const keys = { 1: 'pick-left', 2: 'pick-right', 0: 'pick-tie', s: 'pick-skip', u: 'undo', l: 'strength-1', c: 'strength-2', m: 'strength-3' };
const pause = 1500;

let annotator = kept('annotator');
let pair = null;
let since = 0;
let strength = null;
let busy = false;

byId('sign-in').addEventListener('submit', event => {
  event.preventDefault();
  annotator = byId('name').value.trim();
  if (annotator === '') return;
  keep('annotator', annotator);
  begin();
});
byId('rename').addEventListener('click', () => {
  byId('name').value = annotator;
  annotator = '';
  begin();
});
for (const [id, answer] of Object.entries(answers)) byId(id).addEventListener('click', () => give(answer));
for (const id of ['undo', 'undo-last']) byId(id).addEventListener('click', undo);
for (const level of [1, 2, 3]) byId(`strength-${level}`).addEventListener('click', () => setStrength(strength === level ? null : level));
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId('work').hidden) return;
  if (event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  const key = event.key.toLowerCase();
  if (key === 'n') byId('note').focus();
  else if (key in keys) byId(keys[key]).click();
  else return;
  event.preventDefault();
});
begin();

async function begin() {
  pair = null;
  byId('pair').hidden = byId('done').hidden = true;
  byId('who').hidden = annotator !== '';
  byId('work').hidden = annotator === '';
  if (annotator === '') {
    byId('name').focus();
    return;
  }
  byId('as').textContent = `as ${annotator}`;
  try {
    show(await ask(`/api/label/next?annotator=${encodeURIComponent(annotator)}`));
    tellAgreement();
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) say(error.message, true);
    else {
      byId('none').hidden = false;
      byId('work').hidden = true;
    }
  }
}

function show(view) {
  pair = view.pair ?? null;
  since = performance.now();
  byId('pair').hidden = pair === null;
  byId('done').hidden = pair !== null;
  if (pair !== null) for (const part of ['prompt', 'left', 'right']) byId(part).textContent = pair[part].trim();
  byId('note').value = '';
  setStrength(null);
  const { own, left, answered, pairs, per_hour: pace } = view.progress;
  byId('count').textContent = `${own} by you, ${left} left for you; ${answered} of ${pairs} pairs answered`;
  byId('pace').textContent = pace ? `${number(pace)} an hour, ${duration(3600 * left / pace)} to go` : '';
  byId('bar').max = Math.max(1, own + left);
  byId('bar').value = own;
}

function give(answer) {
  if (pair === null) return;
  const note = byId('note').value.trim();
  post('/api/label/answers', { id: freshId(), annotator, pair: pair.id, answer, strength, note: note === '' ? null : note, seconds: (performance.now() - since) / 1000 }, answer === 'skip' ? 'Skipped.' : 'Saved.');
}

function undo() {
  post('/api/label/undo', { id: freshId(), annotator }, null);
}

/** Asks until there is an answer: the id says that it is the same one, so nothing is kept twice. */
async function post(path, body, words) {
  if (busy) return;
  busy = true;
  for (;;) {
    try {
      const view = await ask(path, body);
      show(view);
      say(words ?? (view.undone ? 'Taken back.' : 'There is nothing to take back.'));
      tellAgreement();
      break;
    } catch (error) {
      if (error instanceof Refused && error.status < 500) {
        say(error.message, true);
        break;
      }
      say('Not saved yet: the server does not answer. Trying again…', true);
      await new Promise(resolve => setTimeout(resolve, pause));
    }
  }
  busy = false;
}

function setStrength(level) {
  strength = level;
  for (const one of [1, 2, 3]) byId(`strength-${one}`).setAttribute('aria-pressed', String(one === level));
}

function say(words, isError = false) {
  byId('status').textContent = words;
  byId('status').className = isError ? 'error' : 'muted';
}

async function tellAgreement() {
  const found = await ask('/api/label/agreement').catch(() => null);
  if (found === null) return;
  const cell = text => el('td', {}, text);
  const rows = found.annotators.map(one => el('tr', {}, el('th', { scope: 'row' }, one.name), cell(String(one.labels)), cell(String(one.ties)), cell(String(one.skips)),
    cell(one.median_seconds == null ? '–' : `${number(one.median_seconds)} s`), cell(`${percent(one.left_share)}${Math.abs(one.left_deviation ?? 0) > 3 ? ' (by place?)' : ''}`), cell(String(one.too_fast))));
  const table = el('table', {}, el('thead', {}, el('tr', {}, ...['annotator', 'labels', 'ties', 'skips', 'median time', 'for the left', 'too fast'].map((name, i) => el('th', { scope: 'col', class: i === 0 ? 'words' : null }, name)))), el('tbody', {}, ...rows));
  const pairs = found.pairs.map(one => el('li', {}, `${one.one} and ${one.two}: agree on ${percent(one.agreement)} of ${one.shared} pairs, Cohen’s κ ${number(one.kappa)}`));
  replace(byId('agreement'),
    rows.length > 0 ? el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Annotators' }, table) : el('p', { class: 'muted' }, 'None yet.'),
    found.compared > 0 ? el('p', {}, `Fleiss’ κ ${number(found.fleiss)} over ${found.compared} pairs with several answers.`) : null,
    pairs.length > 0 ? el('ul', {}, ...pairs) : null);
}
