import { ask, byId, el, freshId, keep, kept, number, Refused, replace } from './page.js';

const sides = [1, 2];
let answers = {};
let running = null;

byId('form').addEventListener('submit', event => {
  event.preventDefault();
  answer();
});
byId('halt').addEventListener('click', () => running?.abort());
byId('prompt').addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) byId('form').requestSubmit();
});
for (const side of sides) byId(`prefer-${side}`).addEventListener('click', () => prefer(side));
begin();

async function begin() {
  const models = await ask('/api/play/models').catch(error => {
    byId('none').textContent = error.message;
    return [];
  });
  const policies = models.filter(model => model.kind === 'policy');
  byId('none').hidden = policies.length > 0;
  byId('form').hidden = policies.length === 0;
  const options = ids => ids.map(id => el('option', { value: id }, id));
  for (const side of sides) replace(byId(`model-${side}`), ...options(policies.map(model => model.id)));
  replace(byId('reward'), el('option', { value: '' }, 'none'), ...options(models.filter(model => model.kind === 'reward').map(model => model.id)));
  // What came before training stands left of what came of it, where both are there.
  const pick = (side, ending) => {
    const found = policies.find(model => model.id === kept(`model-${side}`)) ?? policies.findLast(model => model.id.endsWith(ending)) ?? policies.at(side === 1 ? 0 : -1);
    if (found) byId(`model-${side}`).value = found.id;
  };
  pick(1, 'sft/final');
  pick(2, 'ppo/final');
  byId('reward').selectedIndex = byId('reward').options.length > 1 ? 1 : 0;
}

async function answer() {
  running?.abort();
  running = new AbortController();
  const mine = running;
  answers = {};
  byId('go').disabled = true;
  byId('halt').disabled = false;
  say('');
  const value = id => Number(byId(id).value);
  const sampling = Object.fromEntries(['temperature', 'top_p', 'top_k', 'max_new_tokens'].map(name => [name, value(name)]));
  const seed = byId('seed').value === '' ? Math.floor(Math.random() * 2 ** 31) : value('seed');
  for (const side of sides) {
    keep(`model-${side}`, byId(`model-${side}`).value);
    byId(`text-${side}`).textContent = '';
    byId(`facts-${side}`).textContent = '';
    byId(`prefer-${side}`).disabled = true;
  }
  await Promise.all(sides.map(async side => {
    const body = { model: byId(`model-${side}`).value, prompt: byId('prompt').value, as_dialogue: byId('dialogue').checked, reward: byId('reward').value, sampling, seed, sample: side - 1 };
    try {
      for await (const [name, data] of events('/api/play/generate', body, mine.signal)) {
        if (mine !== running) return;
        if (data.error) throw new Error(data.error.message);
        if (name === 'end') {
          answers[side] = data;
          byId(`text-${side}`).textContent = data.text;
          byId(`facts-${side}`).textContent = [`${data.tokens} tokens`, data.reason === 'length' ? 'cut off' : 'ended by itself', data.score == null ? null : `score ${number(data.score)}`].filter(Boolean).join(' · ');
        } else byId(`text-${side}`).append(data.text);
      }
    } catch (error) {
      if (error.name !== 'AbortError') byId(`facts-${side}`).textContent = error.message;
    }
  }));
  if (mine !== running) return;
  byId('go').disabled = false;
  byId('halt').disabled = true;
  const both = sides.every(side => answers[side]?.text.trim());
  for (const side of sides) byId(`prefer-${side}`).disabled = !both;
  say(mine.signal.aborted ? 'Stopped.' : 'Done.');
}

async function prefer(side) {
  const [chosen, rejected] = [answers[side], answers[3 - side]];
  for (const one of sides) byId(`prefer-${one}`).disabled = true;
  try {
    await ask('/api/play/prefer', { id: freshId(), annotator: kept('annotator') || 'somebody', prompt: chosen.prompt, chosen: chosen.text, rejected: rejected.text });
    say('Kept as a labelled pair.');
  } catch (error) {
    say(error.message);
    for (const one of sides) byId(`prefer-${one}`).disabled = false;
  }
}

/** Server-sent events of a request that has a body. */
async function* events(path, body, signal) {
  const response = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal });
  if (!response.ok) throw new Refused(response.status, (await response.json().catch(() => null))?.error?.message ?? response.statusText);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (text + value).split('\n\n');
    text = parts.pop();
    for (const part of parts) {
      const lines = part.split('\n');
      const data = lines.find(line => line.startsWith('data: '));
      if (data) yield [lines.find(line => line.startsWith('event: '))?.slice(7) ?? 'message', JSON.parse(data.slice(6))];
    }
  }
}

function say(words) {
  byId('status').textContent = words;
}
