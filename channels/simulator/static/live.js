// Live updates of one account: server-sent events, and polling where those do not get through.

import { since } from "./api.js";

const POLL_MS = 1500;
const FAILURES_BEFORE_POLLING = 3;

/** Calls `take(record)` for each record after line `after`. Returns a function that stops it. */
export function follow(base, after, take) {
  let last = after;
  let failures = 0;
  let timer = 0;
  let stopped = false;
  let source = null;

  const receive = (record) => {
    if (record.seq <= last) return;
    last = record.seq;
    take(record);
  };

  async function poll() {
    try {
      const answer = await since(base, last);
      answer.messages.forEach(receive);
    } catch {
      // the next poll tries again
    }
    if (!stopped) timer = setTimeout(poll, POLL_MS);
  }

  function listen() {
    source = new EventSource(`${base}/live?after=${last}`);
    source.onmessage = (event) => {
      failures = 0;
      receive(JSON.parse(event.data));
    };
    source.onopen = () => { failures = 0; };
    source.onerror = () => {
      failures += 1;
      // a refused connection is not tried again by the browser
      if (failures < FAILURES_BEFORE_POLLING && source.readyState !== EventSource.CLOSED) return;
      source.close();
      if (!stopped) poll();
    };
  }

  if (window.EventSource) listen(); else poll();
  return () => {
    stopped = true;
    clearTimeout(timer);
    if (source) source.close();
  };
}
