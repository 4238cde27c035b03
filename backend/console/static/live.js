// Tells an open page that it is no longer the newest, by one stream. Nothing changes under the hand:
// the bar refreshes when it is pressed, and keeps the place in the list, the focus and what is typed.
"use strict";

(() => {
  const AGAIN_MS = 30_000;
  const PROBE_MS = 10_000;
  const bar = document.getElementById("live");
  const refresh = bar.querySelector("button");
  const away = bar.querySelector("a");
  const list = () => document.getElementById("list");
  const petition = () => document.getElementById("petition");

  let stream = null;
  let again = null;
  let newest = 0; // the last event of the petition we heard of
  let place = null; // where the hand was before a refresh

  function offer(words) {
    refresh.textContent = words;
    refresh.hidden = false;
  }

  function lead(words, href) {
    disconnect();
    refresh.hidden = true;
    away.href = href;
    away.textContent = words;
    away.hidden = false;
  }

  const over = () => lead(bar.dataset.over, location.href);
  const gone = () => lead(bar.dataset.gone, away.getAttribute("href"));

  function address() {
    const url = new URL(bar.dataset.url, location.origin);
    if (list()) {
      url.search = location.search;
      const numbers = [...document.querySelectorAll("#list .item .number")];
      url.searchParams.set("shown", numbers.map((one) => one.textContent).join(","));
    }
    url.searchParams.set("since", (list() ?? petition()).dataset.seen);
    return url;
  }

  // A page nobody looks at holds no connection: browsers allow few to one site.
  function connect() {
    disconnect();
    if (document.hidden || !away.hidden) return;
    stream = new EventSource(address());
    stream.addEventListener("queue", (event) => {
      offer(bar.dataset.words.replace("{n}", JSON.parse(event.data).changed));
    });
    stream.addEventListener("petition", (event) => {
      newest = JSON.parse(event.data).event;
      consider();
    });
    stream.addEventListener("gone", gone);
    stream.addEventListener("over", over);
    stream.addEventListener("error", () => {
      if (stream?.readyState === EventSource.CLOSED) refused();
    });
  }

  function disconnect() {
    clearTimeout(again);
    stream?.close();
    stream = null;
  }

  // The browser does not say why a stream was refused: ask once more, in the open.
  async function refused() {
    disconnect();
    again = setTimeout(connect, AGAIN_MS);
    const signal = AbortSignal.timeout(PROBE_MS);
    const answer = await fetch(address(), { redirect: "manual", signal }).catch(() => null);
    if (answer?.type === "opaqueredirect") over();
    else if (answer?.status === 404) gone();
    await answer?.body?.cancel();
  }

  // One's own step is no news: while it is under way its answer brings the newest.
  function consider() {
    if (!petition() || petition().matches(".htmx-request") || !away.hidden) return;
    if (newest > Number(petition().dataset.seen)) offer(bar.dataset.words);
    else refresh.hidden = true;
  }

  // Before: which line or field had the focus (else the first line in sight), and how high it stood.
  let focused = null;
  document.addEventListener("focusin", (event) => {
    if (!bar.contains(event.target)) focused = event.target;
  });

  function remember() {
    const from = document.activeElement === document.body || bar.contains(document.activeElement)
      ? focused : document.activeElement;
    if (petition()) {
      place = { id: petition().contains(from) ? from.id : "" };
      return;
    }
    const lines = [...document.querySelectorAll("#list a.title")];
    const inLine = from?.closest?.("#list .item")?.querySelector("a.title");
    const line = inLine ?? lines.find((one) => one.getBoundingClientRect().top >= 0);
    place = {
      href: line?.getAttribute("href"),
      at: lines.indexOf(line),
      top: line?.getBoundingClientRect().top,
      focus: Boolean(inLine),
    };
  }

  function restore() {
    if (petition()) {
      const field = place.id ? document.getElementById(place.id) : null;
      const details = field?.closest("details");
      if (details) details.open = true;
      (field ?? document.getElementById("main")).focus({ preventScroll: true });
      return;
    }
    const lines = [...document.querySelectorAll("#list a.title")];
    const same = lines.find((one) => one.getAttribute("href") === place.href);
    if (same) window.scrollBy(0, same.getBoundingClientRect().top - place.top);
    const next = place.focus ? same ?? lines[Math.min(place.at, lines.length - 1)] : null;
    (next ?? document.getElementById("main")).focus({ preventScroll: true });
  }

  const ours = (event) => event.detail.requestConfig?.elt === refresh;

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (ours(event)) remember();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (ours(event) && place) restore();
    if (ours(event)) place = null;
    if (list() && event.detail.target?.id === "list") {
      refresh.hidden = true;
      connect();
    }
    consider();
  });
  document.addEventListener("htmx:afterRequest", consider);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "r" || event.ctrlKey || event.metaKey || event.altKey || refresh.hidden) return;
    const keysOn = document.getElementById("keys-on");
    if (keysOn?.checked && !event.target.matches("input, select, textarea")) refresh.click();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) disconnect();
    else connect();
  });
  window.addEventListener("pagehide", disconnect);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) connect();
  });
  connect();
})();
