// Keeps a page fresh, and sends its forms without leaving it. Without this script every link and form works as it stands.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const page = $("page");

  // What works on every page.
  for (const zone of document.querySelectorAll("[data-zone]")) {
    zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText($(button.dataset.copy).value);
      button.textContent = $("talk").dataset.copied;
    });
  }
  if (!page) return;

  const path = page.dataset.path;
  const texts = page.dataset;
  const title = document.title;
  document.documentElement.classList.add("js");

  // What is new is read out once; what only changed is not.
  const toSay = [];
  let saying = 0;
  function say(text) {
    toSay.push(text);
    if (!saying) saying = setTimeout(sayAll, 200);
  }
  function sayAll() {
    saying = 0;
    const lines = toSay.splice(0);
    const many = lines.length > 3 ? [texts.many.replace("{n}", lines.length)] : lines;
    for (const text of many) {
      const p = document.createElement("p");
      p.textContent = text;
      $("news").append(p);
      setTimeout(() => p.remove(), 20000);
    }
  }

  let hiding = 0;
  function status(text, stays) {
    const p = $("status");
    clearTimeout(hiding);
    p.hidden = !text;
    p.textContent = text;
    if (text && !stays) hiding = setTimeout(() => status(""), 8000);
  }

  // Messages.
  function parse(html) {
    const t = document.createElement("template");
    t.innerHTML = html; // made by the server, which has escaped what people wrote
    return t.content;
  }

  let unseen = 0;
  function entry(e) {
    const old = $("m-" + e.id);
    if (e.gone) {
      if (old && old.querySelector(".replies > li")) old.querySelector(":scope > article").remove();
      else if (old) old.remove();
      return;
    }
    const li = parse(e.html).querySelector("li.entry");
    if (old) {
      swap(old.querySelector(":scope > article"), li.querySelector(":scope > article"));
      return;
    }
    if (!e.fresh || (e.list === "room-entries" && texts.older)) return;
    const above = e.under && $("m-" + e.under);
    if (above) {
      above.querySelector(":scope > .replies").append(li);
    } else {
      const list = $(e.list);
      for (const empty of list.querySelectorAll(":scope > .empty")) empty.remove();
      const days = list.querySelectorAll(":scope > .day");
      if (!days.length || days[days.length - 1].dataset.day !== e.day) list.append(dayOf(e));
      list.append(li);
    }
    li.classList.add("fresh");
    if (e.say) {
      say(e.say);
      if (document.hidden) document.title = "(" + ++unseen + ") " + title;
    } else {
      li.scrollIntoView({ block: "nearest" });
    }
  }

  function dayOf(e) {
    const li = document.createElement("li");
    li.className = "day";
    li.dataset.day = e.day;
    const h = document.createElement("h3");
    h.textContent = e.dayText;
    li.append(h);
    return li;
  }

  // swap puts something in the place of what it is a newer state of, and leaves the focus where it was.
  function swap(old, next) {
    if (!old) return;
    const had = old.contains(document.activeElement) ? document.activeElement : null;
    old.replaceWith(next);
    if (!had) return;
    const same = had.value && next.querySelector('[value="' + CSS.escape(had.value) + '"]');
    const to = same || next.querySelector("[data-first], textarea, button, a") || next;
    to.focus({ preventScroll: true });
  }

  // Forms that Trellis opens.
  let opener = null;
  function form(html) {
    const slot = $("form-slot");
    const now = slot.querySelector("dialog");
    const next = html ? parse(html).querySelector("dialog") : null;
    if (now && next && now.dataset.version === next.dataset.version) return;
    if (now && now.open) now.close();
    slot.replaceChildren();
    if (next) {
      slot.append(next);
      show(next);
    } else if (now && opener && opener.isConnected) {
      opener.focus();
    } else if (now) {
      $("write-mine").focus();
    }
  }
  function show(dialog) {
    dialog.removeAttribute("open");
    dialog.showModal();
    dialog.addEventListener("cancel", (e) => {
      e.preventDefault();
      dialog.querySelector(".putaway").click();
    });
  }

  function state(s) {
    if (s.panels !== undefined) $("panels").replaceChildren(parse(s.panels));
    if (s.form !== undefined) form(s.form);
    $("open-count").textContent = s.open ? " " + s.open : "";
    if (s.clock && $("clock")) {
      $("clock").textContent = s.clock;
      $("clock").dateTime = s.clockAt;
    }
  }

  // The stream of what is new. It begins where the page was made, and goes on where it was cut off.
  let source = null;
  let since = texts.since;
  let failures = 0;
  let again = 0;
  let ended = false;
  function open(once) {
    close();
    if (ended) return;
    source = new EventSource(path + "/events?since=" + since + (once ? "&once=1" : ""));
    source.addEventListener("at", (e) => {
      since = e.lastEventId;
      if (failures) status(texts.back);
      failures = 0;
    });
    source.addEventListener("entry", (e) => entry(JSON.parse(e.data)));
    source.addEventListener("state", (e) => state(JSON.parse(e.data)));
    source.addEventListener("end", close);
    source.addEventListener("reload", () => {
      for (const id of ["write", "write-mine"]) sessionStorage.setItem(path + " " + id, $(id).value);
      location.reload();
    });
    source.addEventListener("ended", end);
    source.onerror = () => {
      close();
      if (!failures++) status(texts.off, true);
      else gone();
      const wait = Math.min(1000 * 2 ** (failures - 1), 30000);
      again = setTimeout(() => open(document.hidden), wait * (0.75 + Math.random() / 2));
    };
  }
  // gone asks whether the page is still there: a stream does not tell why it is refused.
  async function gone() {
    try {
      const r = await fetch(path, { method: "HEAD" });
      if (r.status === 404) end();
    } catch {
      // the connection is lost, which is known
    }
  }
  function end() {
    ended = true;
    close();
    status(texts.ended, true);
  }
  function close() {
    clearTimeout(again);
    if (source) source.close();
    source = null;
  }
  // A browser holds few connections to one server, so a page that nobody sees only looks from time to time.
  let looking = 0;
  function look() {
    clearInterval(looking);
    if (document.hidden) {
      looking = setInterval(() => open(true), 10000);
      setTimeout(() => document.hidden && close(), 3000);
      return;
    }
    unseen = 0;
    document.title = title;
    open();
  }
  document.addEventListener("visibilitychange", look);
  addEventListener("online", () => open());

  // Forms and links of the page.
  async function send(f, button) {
    if (f.dataset.busy) return;
    f.dataset.busy = "yes";
    f.dataset.nonce = f.dataset.nonce || Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
    const data = new URLSearchParams(new FormData(f, button));
    if (data.has("nonce")) data.set("nonce", f.dataset.nonce); // the same when it is tried again
    try {
      const action = (button && button.getAttribute("formaction")) || f.getAttribute("action");
      const r = await fetch(action, { method: "POST", body: data, headers: { "X-Trellis": "script" } });
      const answer = await r.json();
      if (answer.error) {
        wrong(f, answer.error);
        delete f.dataset.nonce;
        return;
      }
      delete f.dataset.nonce;
      if (answer.form !== undefined) form(answer.form);
      if (f.classList.contains("compose")) written(f);
      const sure = f.closest("details.sure");
      if (sure) sure.open = false;
      if (f.closest(".react")) await part(path, f.closest("li.entry").id);
    } catch {
      wrong(f, texts.failed);
    } finally {
      delete f.dataset.busy;
    }
  }

  function wrong(f, text) {
    if (!f.classList.contains("compose")) {
      status(text);
      return;
    }
    clear(f);
    const area = f.querySelector("textarea");
    const p = document.createElement("p");
    p.className = "error";
    p.id = f.id + "-error";
    p.setAttribute("role", "alert");
    p.textContent = text;
    f.querySelector(".line").before(p);
    area.setAttribute("aria-invalid", "true");
    area.setAttribute("aria-describedby", f.id + "-hint " + p.id);
    area.focus();
  }
  function clear(f) {
    for (const p of f.querySelectorAll(".error")) p.remove();
    const area = f.querySelector("textarea");
    area.removeAttribute("aria-invalid");
    area.setAttribute("aria-describedby", f.id + "-hint");
  }
  async function written(f) {
    clear(f);
    f.querySelector("textarea").value = "";
    if (f.querySelector("[name=thread], [name=message]")) await part(path, f.id);
    const area = $(f.id).querySelector("textarea");
    area.focus();
  }

  // part fetches a page and takes one element of it.
  async function part(url, id) {
    const r = await fetch(url);
    if (!r.ok) throw new Error(r.status);
    const doc = new DOMParser().parseFromString(await r.text(), "text/html");
    const next = doc.getElementById(id);
    const old = $(id);
    if (!next || !old) throw new Error("gone");
    const focus = next.querySelector("[autofocus]");
    if (focus) {
      focus.removeAttribute("autofocus"); // it is given by hand, below
      focus.dataset.first = "";
    }
    const whole = old.matches("li.entry");
    const from = whole ? next.querySelector(":scope > article") : next;
    swap(whole ? old.querySelector(":scope > article") : old, from);
    prepare();
    return from;
  }

  document.addEventListener("submit", (e) => {
    const f = e.target;
    if (!f.closest("#page, #form-slot") && !f.matches(".clock")) return;
    e.preventDefault();
    if (!f.closest("dialog")) opener = e.submitter;
    send(f, e.submitter);
  });
  document.addEventListener("click", async (e) => {
    const a = e.target.closest("a[data-part]");
    if (!a || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
    e.preventDefault();
    try {
      const next = await part(a.href, a.dataset.part);
      const to = next.querySelector("[data-first], .react button") || next.querySelector("a, button");
      if (to) to.focus();
      if (to && to.setSelectionRange) to.setSelectionRange(to.value.length, to.value.length);
      next.scrollIntoView({ block: "nearest" });
    } catch {
      location.href = a.href;
    }
  });
  const fine = !matchMedia("(pointer: coarse)").matches; // on a glass keyboard Enter is a new line
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || e.shiftKey || e.isComposing || !fine) return;
    const area = e.target.closest(".compose textarea");
    if (!area) return;
    e.preventDefault();
    area.form.requestSubmit(area.form.querySelector(".send"));
  });
  function prepare() {
    for (const keys of document.querySelectorAll(".keys")) keys.hidden = !fine;
  }

  // Where the parts of the page do not scroll by themselves, what is new is at the end.
  const narrow = matchMedia("(max-width: 47.99rem)");
  function toEnd() {
    if (!narrow.matches || $("what")) return;
    if (["", "#mine", "#room"].includes(location.hash)) scrollTo(0, document.documentElement.scrollHeight);
  }
  addEventListener("hashchange", toEnd);
  toEnd();

  prepare();
  for (const id of ["write", "write-mine"]) { // what was being written when the page had to be loaded again
    const text = sessionStorage.getItem(path + " " + id);
    if (text && !$(id).value) $(id).value = text;
    sessionStorage.removeItem(path + " " + id);
  }
  const waiting = $("form");
  if (waiting) show(waiting);
  if (document.hidden) open(true);
  look();
})();
