"""What scripts/check-report does with a page. Ends with 1 if anything is wrong."""

import argparse
import pathlib
import sys
import time

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

SIZES = {"phone": (390, 844), "desktop": (1280, 900)}

# Every piece of text that is seen, as the browser has laid it out: what lies on another piece, beyond the page, or is cut
# by the box around it.
LAYOUT = """() => {
  const faults = [], pieces = [];
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) faults.push(`the page is ${wide} px wider than the window`);
  const say = node => node.textContent.trim().slice(0, 40);
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, parent = node.parentElement;
    if (!node.textContent.trim() || parent.closest(".sr,.skip,script,style,svg")) continue;
    if (!parent.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const scroll = parent.closest(".scroll");
    for (const box of range.getClientRects()) {
      if (box.width < 1 || box.height < 1) continue;
      if (!scroll && (box.left < -0.5 || box.right > innerWidth + 0.5))
        faults.push(`beyond the window: ${say(node)}`);
      let frame = parent;
      while (frame && frame !== document.body) {
        const style = getComputedStyle(frame);
        if (/hidden|clip/.test(style.overflowX + style.overflowY)) {
          const edge = frame.getBoundingClientRect();
          if (box.left < edge.left - 1 || box.right > edge.right + 1 || box.bottom > edge.bottom + 1)
            faults.push(`cut: ${say(node)}`);
        }
        frame = frame.parentElement;
      }
      if (!scroll) pieces.push({ box, node });
    }
  }
  pieces.sort((a, b) => a.box.top - b.box.top);
  for (let i = 0; i < pieces.length; i++) {
    const a = pieces[i].box;
    for (let j = i + 1; j < pieces.length && pieces[j].box.top < a.bottom; j++) {
      const b = pieces[j].box;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (pieces[i].node !== pieces[j].node && across > 1 && down > 0.3 * Math.min(a.height, b.height))
        faults.push(`overlap: "${say(pieces[i].node)}" and "${say(pieces[j].node)}"`);
    }
  }
  return [...new Set(faults)].slice(0, 20);
}"""

# The longest time between two frames while the page is scrolled from top to bottom.
SCROLL = """() => new Promise(done => {
  const step = document.documentElement.scrollHeight / 60;
  document.documentElement.style.scrollBehavior = "auto";
  let last = performance.now(), longest = 0, turn = 0;
  const next = now => {
    if (turn > 2) longest = Math.max(longest, now - last);
    last = now;
    scrollBy(0, step);
    if (++turn < 60) requestAnimationFrame(next); else { scrollTo(0, 0); done(longest); }
  };
  requestAnimationFrame(next);
})"""


def check(browser, path, shots):
    faults = []
    url = path.resolve().as_uri()
    for place, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            name = f"{path.name} {place} {scheme}"
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce")
            said, asked = [], []
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            began = time.monotonic()
            page.goto(url)
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            opened = time.monotonic() - began
            gap = page.evaluate(SCROLL)
            faults += [f"{name}: console: {text}" for text in said]
            others = [u for u in asked if u.split("#")[0] != url and not u.startswith("data:")]
            faults += [f"{name}: asks for {u}" for u in others]
            faults += [f"{name}: {text}" for text in page.evaluate(LAYOUT)]
            if shots:
                page.screenshot(path=shots / f"{path.stem}-{place}-{scheme}.png", full_page=True)
            page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
            faults += [f"{name}, tables open: {text}" for text in page.evaluate(LAYOUT)]
            for violation in Axe().run(page).response["violations"]:
                for node in violation["nodes"][:5]:
                    faults.append(
                        f"{name}: axe {violation['id']} ({violation['impact']}): {node['html'][:160]} "
                        f"{node.get('failureSummary', '')[:200]}")
            print(f"{name}: open in {opened * 1000:.0f} ms, longest frame of a scroll {gap:.0f} ms")
            page.close()
    faults += keyboard(browser, path, url)
    faults += without_scripts(browser, path, url)
    return faults


def keyboard(browser, path, url):
    """The first stop is the way past the header; a chart tells its numbers by arrow keys."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(url)
    faults = []
    page.keyboard.press("Tab")
    if page.evaluate("() => document.activeElement.className") != "skip":
        faults.append(f"{path.name}: the first stop of the tab key is not the way to the report")
    page.keyboard.press("Enter")
    if page.evaluate("() => document.activeElement.id") != "main":
        faults.append(f"{path.name}: the way to the report does not lead there")
    if page.evaluate("() => !!document.querySelector('.chart polyline')"):
        page.evaluate("() => document.querySelector('.chart[tabindex]').focus()")
        page.keyboard.press("ArrowLeft")
        told = page.evaluate("() => document.querySelector('.tip:not([hidden])')?.textContent || ''")
        if not told.startswith("event "):
            faults.append(f"{path.name}: a chart says '{told}' when the arrow keys are used")
    page.close()
    return faults


def without_scripts(browser, path, url):
    """Without scripts nothing is missing, and on paper neither."""
    faults = []
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    bare = page.locator("main").inner_text()
    context.close()
    page = browser.new_page()
    page.goto(url)
    full = page.locator("main").inner_text()
    words = lambda text: set(text.replace("Copy", "").split())
    if words(full) - words(bare):
        faults.append(f"{path.name}: only with scripts: {sorted(words(full) - words(bare))[:5]}")
    page.emulate_media(media="print")
    faults += [f"{path.name}, on paper: {text}" for text in page.evaluate(LAYOUT)]
    pdf = page.pdf(format="A4")
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KB, {len(pdf) / 1024:.0f} KB on paper")
    page.close()
    return faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shots", type=pathlib.Path)
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    faults = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for path in options.pages:
            faults += check(browser, path, options.shots)
        browser.close()
    for fault in faults:
        print(fault)
    print("nothing wrong" if not faults else f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
