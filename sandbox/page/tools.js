// Helpers for every part of the page.

import { lang, t } from "./labels.js";

/** Create an element: h("b", {class: "x", onclick: f}, "text", child). Text is never read as HTML. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  return fill(element, children, true);
}

/** Put children into an element, in place of the old ones or after them. */
export function fill(element, children, after = false) {
  const given = children.flat(Infinity).filter((child) => child != null && child !== false);
  element[after ? "append" : "replaceChildren"](...given);
  return element;
}

export const $ = (selector) => document.querySelector(selector);

/** Call the control API; on an error show a notice and throw. */
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

/** Show a line at the bottom of the page for four seconds. */
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

/** Return clock time with milliseconds. */
export function clock(ms) {
  const moment = new Date(ms);
  const two = (value) => String(value).padStart(2, "0");
  const day = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(":");
  return `${day}.${String(moment.getMilliseconds()).padStart(3, "0")}`;
}

/** Run at most once per pause; always run the last call. */
export function calm(work, pause) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      work();
    }, pause);
  };
}

/** Keep the direction of digits, ids and clock times inside Arabic text. */
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
