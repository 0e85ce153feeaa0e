"""What a page is looked at for in a browser: as a person with a keyboard or a screen reader does.

Each look returns what is wrong, in words; nothing where all is well.
"""

from typing import Final

from playwright.async_api import Page

_STRUCTURE: Final = """
() => {
  const wrong = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const name = (element) => {
    const labels = (element.getAttribute("aria-labelledby") || "").split(/\\s+/).filter(Boolean);
    return (element.getAttribute("aria-label") || labels.map((id) => {
      const found = document.getElementById(id);
      if (!found) wrong.push(`no element has the id ${id}`);
      return found ? found.textContent : "";
    }).join(" ") || element.textContent).trim();
  };
  if (!document.documentElement.lang) wrong.push("the page names no language");
  if (!document.title.trim()) wrong.push("the page has no title");
  for (const selector of ["main", "h1", "body > header", "body > footer"])
    if (all(selector).length !== 1) wrong.push(`${all(selector).length} of ${selector}`);
  for (const each of all("nav, section, article, [role=region]"))
    if (!each.hasAttribute("aria-label") && !each.hasAttribute("aria-labelledby") || !name(each))
      wrong.push(`${each.tagName} ${each.id} has no name`);
  const landmarks = all("nav").map(name);
  if (new Set(landmarks).size !== landmarks.length) wrong.push(`two nav of one name: ${landmarks}`);
  let level = 0;
  for (const each of all("h1, h2, h3, h4, h5, h6")) {
    const next = Number(each.tagName[1]);
    if (next > level + 1) wrong.push(`${each.tagName} after h${level}: ${each.textContent}`);
    if (!each.textContent.trim()) wrong.push(`${each.tagName} is empty`);
    level = next;
  }
  for (const each of all("a[href], button, summary"))
    if (!name(each)) wrong.push(`${each.outerHTML} has no name`);
  for (const each of all("a[href^='#'], a[href*='/#']")) {
    const url = new URL(each.href);
    if (url.pathname === location.pathname && !document.getElementById(url.hash.slice(1)))
      wrong.push(`${each.getAttribute("href")} leads nowhere`);
  }
  for (const each of all("svg")) {
    if (each.getAttribute("aria-hidden") === "true") continue;
    if (each.getAttribute("role") !== "img" || !name(each)) wrong.push("a picture without a name");
    if (!each.querySelector(":scope > title") || !each.querySelector(":scope > desc"))
      wrong.push("a picture without title and description");
  }
  for (const each of all("table")) {
    if (!each.caption || !each.caption.textContent.trim()) wrong.push("a table without a caption");
    for (const head of each.querySelectorAll("th"))
      if (!["col", "row"].includes(head.scope)) wrong.push(`no scope: ${head.textContent}`);
    for (const row of each.querySelectorAll("tbody tr"))
      if (!row.querySelector("th[scope=row]")) wrong.push(`no heading: ${row.textContent}`);
  }
  for (const each of all("dl"))
    for (const group of each.children)
      if (!group.querySelector("dt") || !group.querySelector("dd")) wrong.push("half a pair");
  for (const each of all("[tabindex]"))
    if (each.tabIndex > 0) wrong.push(`tabindex ${each.tabIndex}`);
  const ids = all("[id]").map((each) => each.id);
  for (const id of new Set(ids))
    if (ids.filter((each) => each === id).length > 1) wrong.push(`the id ${id} is there twice`);
  return wrong;
}
"""

_CONTRAST: Final = """
() => {
  const parse = (text) => {
    const parts = text.match(/[\\d.]+/g).map(Number);
    return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const { rgb, alpha } = parse(getComputedStyle(each).backgroundColor);
      if (alpha === 1) return rgb;
      if (alpha > 0) throw new Error(`half transparent: ${each.className}`);
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  };
  const wrong = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.closest("svg, script")) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    if (size < 12) wrong.add(`${size} px: ${element.textContent.slice(0, 40)}`);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const found = ratio(parse(style.color).rgb, behind(element));
    if (found < (large ? 3 : 4.5))
      wrong.add(`${found.toFixed(2)}: ${element.className} ${element.textContent.slice(0, 40)}`);
  }
  const marks = "svg.mark, .chart .passed, .chart .warned, .chart .failed, .chart .volume";
  for (const mark of document.querySelectorAll(marks)) {
    const ground = behind(mark.closest("svg").parentElement);
    const found = ratio(parse(getComputedStyle(mark).fill).rgb, ground);
    if (found < 3) wrong.add(`${found.toFixed(2)}: mark ${mark.getAttribute("class")}`);
  }
  return [...wrong];
}
"""

_FOCUS: Final = """
() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    what: element.getAttribute("href") || element.id || element.tagName,
    seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0,
    there: box.bottom > 0 && box.top < innerHeight,
  };
}
"""

_ORDER: Final = """
() => [...document.querySelectorAll("a[href], summary, [tabindex='0']")]
  .filter((each) => each.checkVisibility())
  .map((each) => each.getAttribute("href") || each.id || each.tagName)
"""


async def structure(page: Page) -> list[str]:
    """Look for landmarks, headings, names, tables and pictures that say what they are."""
    found: list[str] = await page.evaluate(_STRUCTURE)
    return found


async def contrast(page: Page) -> list[str]:
    """Look for text that is too small, or too faint on what is behind it (WCAG AA)."""
    found: list[str] = await page.evaluate(_CONTRAST)
    return found


async def too_wide(page: Page) -> list[str]:
    """Look for what a page has to be scrolled sideways for."""
    return list(
        await page.evaluate("""
() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")].filter((each) =>
    !each.closest(".scroll") && each.getBoundingClientRect().right > innerWidth + 1
  ).map((each) => `${each.tagName}.${each.className}`).slice(0, 5).concat(["too wide"])
""")
    )


async def spilled(page: Page) -> list[str]:
    """Look for text that runs out of its cell or line, over what is beside it."""
    return list(
        await page.evaluate("""
() => [...document.querySelectorAll("th, td, dt, dd, li, p, caption, h1, h2, h3, figcaption")]
  .filter((each) => !each.closest(".scroll, .sr, thead") && each.checkVisibility())
  .filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0)
  .map((each) => `${each.tagName}.${each.className} spills: ${each.textContent.slice(0, 40)}`)
""")
    )


async def keyboard(page: Page) -> list[str]:
    """Walk through a page by Tab: everything is reached, in the order it is read, and seen."""
    expected: list[str] = await page.evaluate(_ORDER)
    wrong, reached = [], []
    for _ in range(len(expected)):
        await page.keyboard.press("Tab")
        focus = await page.evaluate(_FOCUS)
        if focus is None:
            break
        reached.append(focus["what"])
        if not focus["seen"] or not focus["there"]:
            wrong.append(f"focus on {focus['what']} cannot be seen")
    if reached != expected:
        wrong.append(f"by Tab: {reached[:8]}, as it is read: {expected[:8]}")
    return wrong
