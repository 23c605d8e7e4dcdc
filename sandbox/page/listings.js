// The catalogue: one page of rows; recent changes are highlighted.

import { $, call, calm, clock, h, ltr, notice, number, option, pounds } from "./tools.js";
import { t } from "./labels.js";

const PER_PAGE = 20;
const FRESH = 4000; // ms for which a change is highlighted

const view = { search: "", show: "", page: 1, total: 0 };
const REMEMBERED = 5000; // listings whose value before the last change is kept

let rows = new Map(); // id -> {listing, element}
const lately = new Map(); // id -> {price, stock}: {old, up, ms} of its last change
export const basket = new Map(); // id -> {listing, amount}
let onBasket = () => {};
let recent = 0;

export function start(basketChanged) {
  onBasket = basketChanged;
  const chips = ["", "touched", "pieces", "boxes", "out"];
  const labels = { "": "all", touched: "changed" };
  for (const show of chips) {
    const chip = h("button", { class: "chip", "data-show": show }, t(labels[show] ?? show));
    chip.addEventListener("click", () => go({ show, page: 1 }));
    $("#chips").append(chip);
  }
  let typing;
  $("#search").addEventListener("input", (event) => {
    clearTimeout(typing);
    typing = setTimeout(() => go({ search: event.target.value, page: 1 }), 150);
  });
  $("#previous").addEventListener("click", () => go({ page: view.page - 1 }));
  $("#next").addEventListener("click", () => go({ page: view.page + 1 }));
  return load();
}

function go(change) {
  Object.assign(view, change);
  return load();
}

let latest = 0;

export async function load() {
  const mine = ++latest;
  const query = new URLSearchParams({
    search: view.search,
    show: view.show,
    page: view.page,
    per_page: PER_PAGE,
    sort: view.show === "touched" ? "changed" : "",
  });
  const found = await call("GET", `listings?${query}`);
  if (mine === latest) draw(found); // else a later request was answered first
}

const reload = calm(load, 400);

function draw(found) {
  view.total = found.total;
  const pages = Math.max(1, Math.ceil(found.total / PER_PAGE));
  const shown = new Map();
  const elements = found.rows.map((listing) => {
    const element = row(listing);
    shown.set(listing.supplier_product_id, { listing, element });
    return element;
  });
  rows = shown;
  if (!elements.length) {
    const text = t(view.show === "touched" && !view.search ? "nothingSentYet" : "noListings");
    elements.push(h("tr", {}, h("td", { colspan: 7, class: "empty" }, text)));
  }
  $("#rows").replaceChildren(...elements);
  $("#pages").textContent = t("page", view.page, number(pages));
  $("#previous").disabled = view.page <= 1;
  $("#next").disabled = view.page >= pages;
  $("#found").textContent = number(found.total);
  for (const chip of document.querySelectorAll("#chips .chip")) {
    chip.classList.toggle("on", chip.dataset.show === view.show);
  }
}

function row(listing) {
  const was = lately.get(listing.supplier_product_id) ?? {};
  const changed = Math.max(listing.price_changed_ms, listing.stock_changed_ms);
  const fresh = (ms) => (ms && Date.now() - ms < FRESH ? " lit" : "");
  const flags = [];
  if (!listing.is_published) flags.push(h("span", { class: "tag" }, t("unpublished")));
  else if (!listing.in_stock) flags.push(h("span", { class: "tag" }, t("outOfStock")));
  const name = h("div", { class: "name", dir: "auto" }, listing.base_product_name);
  const under = h(
    "div",
    { class: "under" },
    ltr(listing.supplier_product_id),
    listing.internal_product_id && ltr(`↔ ${listing.internal_product_id}`, { class: "linked" }),
    h("span", {}, listing.category),
    flags,
  );
  return h(
    "tr",
    { "data-id": listing.supplier_product_id, class: listing.is_published ? "" : "dim" },
    h("td", { class: "picture" }, h("img", { src: listing.image_thumbnail, alt: "", loading: "lazy" })),
    h("td", {}, name, under),
    h("td", { class: "pack" }, pack(listing)),
    h(
      "td",
      { class: `figure price${fresh(listing.price_changed_ms)}` },
      before(was.price, pounds),
      ltr(pounds(listing.selling_price)),
    ),
    h(
      "td",
      { class: `figure stock${fresh(listing.stock_changed_ms)}` },
      before(was.stock, number),
      stock(listing),
    ),
    h("td", { class: "when" }, changed ? ltr(clock(changed)) : ""),
    h(
      "td",
      {},
      h(
        "button",
        {
          class: "plus",
          title: t("addToBasket"),
          "aria-label": t("addToBasket"),
          onclick: () => add(listing),
        },
        "+",
      ),
    ),
  );
}

function pack(listing) {
  if (listing.unit_count > 1) return h("span", { class: "box" }, t("pieceOf", listing.unit_count));
  return h("span", {}, t(`unit_${listing.unit}`));
}

function stock(listing) {
  if (listing.is_unlimited_stock) return h("span", { class: "soft" }, t("unlimited"));
  const quantity = listing.available_stock_quantity;
  return ltr(number(quantity), { class: quantity === 0 ? "zero" : "" });
}

function add(listing) {
  const known = basket.get(listing.supplier_product_id);
  const least = listing.min_order || 1;
  basket.set(listing.supplier_product_id, { listing, amount: known ? known.amount + 1 : least });
  onBasket();
}

const calmDown = (() => {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      recent = 0;
      $("#recent").classList.remove("shown");
    }, FRESH);
  };
})();

/** Show price, stock and other changes of listings from the live stream. */
export function changed(events) {
  const repainted = new Set();
  if (lately.size > REMEMBERED) lately.clear();
  for (const event of events) {
    const trace = { price: "price_changed_ms", stock: "stock_changed_ms" }[event.kind];
    if (trace) {
      const was = { old: event.old, up: event.new > event.old, ms: event.ms };
      lately.set(event.id, { ...lately.get(event.id), [event.kind]: was });
    }
    const shown = rows.get(event.id);
    if (!shown) continue;
    shown.listing[event.field] = event.new;
    if (trace) shown.listing[trace] = event.ms;
    repainted.add(shown);
  }
  repainted.forEach(repaint);
  recent += events.length;
  $("#recent").textContent = t("changesNow", number(recent));
  $("#recent").classList.add("shown");
  calmDown();
  if (view.show) reload();
}

/** Return the value before the last change while the change is highlighted. */
function before(was, format) {
  if (!was || typeof was.old !== "number" || Date.now() - was.ms > FRESH) return null;
  const up = was.up ? "up" : "down";
  return h("span", { class: `was ${up}` }, ltr(format(was.old)), was.up ? " ▲ " : " ▼ ");
}

function repaint(shown) {
  const old = shown.element;
  shown.element = row(shown.listing);
  old.replaceWith(shown.element);
}

// === PLACING AN ORDER === //

export async function startPlacing() {
  const shops = await call("GET", "retailers");
  const form = $("#place form");
  form.retailer.append(
    option("", t("anyRetailer")),
    ...shops.map((shop) => option(shop.retailer_code, `${shop.retailer_name} · ${shop.retailer_code}`)),
  );
  form.delivered_by.append(
    option("delivered_by_supplier", t("bySupplier")),
    option("delivered_by_cartona", t("byCartona")),
  );
  for (const status of ["pending", "editing", "approved", "assigned_to_salesman", "delivered"]) {
    form.status.append(option(status, t(`status_${status}`)));
  }
  $("#place-open").addEventListener("click", openPlacing);
  $("#place-random").addEventListener("click", () => place({}));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await place(wanted(form));
    basket.clear();
    onBasket();
    $("#place").close();
  });
}

async function openPlacing() {
  const { accounts } = await call("GET", "");
  const form = $("#place form");
  form.supplier_code.replaceChildren(
    ...accounts.map((row) => option(row.supplier_code, `${row.supplier_code} · ${row.name}`)),
  );
  form.querySelector("[data-accounts]").hidden = accounts.length < 2;
  drawBasket();
  $("#place").showModal();
}

export function drawBasket() {
  const lines = [...basket].map(([id, line]) =>
    h(
      "div",
      { class: "chosen" },
      h("span", { dir: "auto" }, line.listing.supplier_product_name),
      h("input", {
        type: "number",
        min: 0.5,
        step: "any",
        value: line.amount,
        "aria-label": t("amount"),
        onchange: (event) => (line.amount = Number(event.target.value)),
      }),
      h(
        "button",
        {
          type: "button",
          class: "plain",
          "aria-label": t("cancel"),
          onclick: () => (basket.delete(id), onBasket(), drawBasket()),
        },
        "✕",
      ),
    ),
  );
  $("#basket").replaceChildren(...lines);
  $("#random-lines").hidden = basket.size > 0;
}

function wanted(form) {
  const values = {
    lines: basket.size
      ? [...basket].map(([id, line]) => ({ supplier_product_id: id, amount: line.amount }))
      : Number(form.count.value),
    delivered_by: form.delivered_by.value,
    status: form.status.value,
    offers: form.offers.checked,
    supplier_code: form.supplier_code.value || null,
    retailer: form.retailer.value || null,
    otp: form.otp.value || null,
  };
  for (const name of ["cartona_credit", "installment_cost", "wallet_top_up"]) {
    values[name] = Number(form[name].value || 0);
  }
  return values;
}

async function place(values) {
  const order = await call("POST", "orders", values);
  notice(t("placed", order.receipt_id ?? order.hashed_id));
}
