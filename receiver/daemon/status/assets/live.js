// Keeps a page live: told that something changed, it fetches itself and takes over what differs.
"use strict";

(() => {
  const state = document.getElementById("live");
  const PATIENCE = 10000;
  const REST = 60000;
  let source = null;
  let busy = false;
  let again = false;

  const say = (text, on) => {
    state.textContent = text;
    state.classList.toggle("on", on);
  };

  // Focus stays where it was, if what had it is still there.
  const swap = (old, fresh) => {
    if (old.innerHTML === fresh.innerHTML && old.className === fresh.className) return;
    const active = document.activeElement;
    const held = old.contains(active) ? active.getAttribute("href") || active.id : null;
    const section = old.closest("section");
    const freshSection = fresh.closest("section");
    if (section && freshSection) section.className = freshSection.className;
    old.className = fresh.className;
    old.replaceChildren(...fresh.childNodes);
    if (held === null) return;
    for (const each of old.querySelectorAll("[href], [id]")) {
      if (each.getAttribute("href") === held || each.id === held) {
        each.focus({ preventScroll: true });
        return;
      }
    }
  };

  const refresh = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    const given = new AbortController();
    const patience = setTimeout(() => given.abort(), PATIENCE);
    try {
      const answer = await fetch(location.href, {
        headers: { Accept: "text/html" },
        cache: "no-store",
        signal: given.signal,
      });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const known = [...document.querySelectorAll("[data-live]")];
      if (known.some((old) => !page.getElementById(old.id))) {
        if (answer.ok) location.reload(); // another page than before: nothing is parked any more
        else say("Not answered", false);
        return;
      }
      for (const old of known) swap(old, page.getElementById(old.id));
      document.title = page.title;
      if (source) say("Live", true);
    } catch {
      say("Not connected", false);
      if (source && given.signal.aborted) {
        rest();
        again = true;
      }
    } finally {
      clearTimeout(patience);
      busy = false;
      if (again) {
        again = false;
        refresh();
      }
    }
  };

  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource("/events");
    source.addEventListener("news", refresh);
    source.onopen = () => say("Live", true);
    source.onerror = () => {
      say("Not connected", false);
      if (source && source.readyState === EventSource.CLOSED) rest();
    };
  };

  // Six live windows take all connections that a browser has for one server: each goes without
  // for a while, and fetches what it has missed.
  const rest = () => {
    close();
    setTimeout(open, REST);
  };

  const close = () => {
    if (source) source.close();
    source = null;
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      close();
      say("Paused", false);
    } else {
      refresh();
      open();
    }
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  open();
})();
