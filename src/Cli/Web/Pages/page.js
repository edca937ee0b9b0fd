// What every page needs: elements, requests, numbers.

/** An element; children that are text stay text, whatever stands in them. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined && child !== ''));
  return element;
}

export const byId = id => document.getElementById(id);

export function replace(parent, ...children) {
  parent.replaceChildren(...children.filter(child => child !== null && child !== undefined));
}

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** What a path answers; with a body it is posted. */
export async function ask(path, body, signal) {
  const response = await fetch(path, body === undefined ? { signal } : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal });
  if (response.ok) return response.json();
  let message = response.statusText;
  try { message = (await response.json()).error.message; } catch { /* no words of its own */ }
  throw new Refused(response.status, message);
}

/** Letters and digits that nobody has used; randomUUID is not there on addresses that browsers do not call secure. */
export function freshId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map(byte => byte.toString(16).padStart(2, '0')).join('');
}

/** A number to read: four digits. */
export function number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-3)) return value.toExponential(2).replace('e+', 'e').replace('-', '−');
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3).replace('-', '−');
}

export const percent = value => (value === null || value === undefined || !Number.isFinite(value) ? '–' : `${Math.round(100 * value)}%`);

export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '';
  const whole = Math.round(seconds);
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
  return whole >= 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole} s`;
}

/** What was kept under a name in this browser; some browsers keep nothing. */
export function kept(name, fallback = '') {
  try { return localStorage.getItem(name) ?? fallback; } catch { return fallback; }
}

export function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { /* not kept, then */ }
}

for (const link of document.querySelectorAll('nav a'))
  if (link.pathname === location.pathname) link.setAttribute('aria-current', 'page');
