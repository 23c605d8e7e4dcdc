// Small things that every part of the page uses.

import { lang, t } from "./words.js";

/** An element: h("b", {class: "x", onclick: f}, "text", child). Text is never read as HTML. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  return fill(element, children, true);
}

/** Put these children into an element, in place of what it has or after it. */
export function fill(element, children, after = false) {
  const given = children.flat(Infinity).filter((child) => child != null && child !== false);
  element[after ? "append" : "replaceChildren"](...given);
  return element;
}

export const $ = (selector) => document.querySelector(selector);

/** A call to the control API; says what went wrong in a notice, and throws. */
export async function call(method, path, body) {
  const answer = await fetch(`/_sandbox/${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const values = await answer.json();
  if (!answer.ok) {
    notice(values.error ?? answer.statusText, true);
    throw new Error(values.error);
  }
  return values;
}

let noticeEnds;

/** A line at the foot of the page, for four seconds. */
export function notice(text, bad = false) {
  const box = $("#notice");
  box.textContent = text;
  box.className = bad ? "shown bad" : "shown";
  clearTimeout(noticeEnds);
  noticeEnds = setTimeout(() => (box.className = ""), 4000);
}

const money = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });

export const pounds = (value) => money.format(Number(value));
export const number = (value) => whole.format(value);

/** Clock time with milliseconds. */
export function clock(ms) {
  const moment = new Date(ms);
  const two = (value) => String(value).padStart(2, "0");
  const day = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(":");
  return `${day}.${String(moment.getMilliseconds()).padStart(3, "0")}`;
}

/** Run at most once per pause, the last call always. */
export function calm(work, pause) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      work();
    }, pause);
  };
}

/** Digits, ids and clock times keep their direction inside Arabic text. */
export const ltr = (text, attributes = {}) => h("bdi", { dir: "ltr", ...attributes }, String(text));

export function option(value, label, chosen) {
  return h("option", { value, selected: value === chosen }, label);
}

export function dress() {
  document.documentElement.lang = lang;
  document.documentElement.dir = lang === "ar" ? "rtl" : "ltr";
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-t]")) {
    element.textContent = t(element.dataset.t);
  }
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
  for (const element of document.querySelectorAll("[data-t-placeholder]")) {
    element.placeholder = t(element.dataset.tPlaceholder);
    element.setAttribute("aria-label", element.placeholder);
  }
}
