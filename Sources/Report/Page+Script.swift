/// What a page can do beyond being read: numbers under the pointer and under the arrow keys, another theme, copying a
/// command. Without it nothing is missing that is not on the page elsewhere.
extension Page {
  static let script = #"""
    (() => {
    "use strict";
    const make = (tag, name, parent) => {
    const it = document.createElement(tag); it.className = name; parent.append(it); return it;
    };
    const root = document.documentElement;
    const theme = make("button", "theme", document.querySelector("header"));
    const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const name = () => { theme.textContent = isDark() ? "Light" : "Dark"; theme.setAttribute("aria-label", "Change to the " + (isDark() ? "light" : "dark") + " theme"); };
    theme.type = "button"; name();
    theme.onclick = () => { root.dataset.theme = isDark() ? "light" : "dark"; name(); };
    if (navigator.clipboard) for (const code of document.querySelectorAll("figcaption .command")) {
    const button = make("button", "", code.parentElement); button.type = "button"; button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy the command");
    button.onclick = () => navigator.clipboard.writeText(code.textContent).then(() => { button.textContent = "Copied"; });
    }
    const figure = v => v === 0 ? "0" : Math.abs(v) < 1e4 ? String(+v.toPrecision(4)) : Math.round(v).toLocaleString("en");
    for (const chart of document.querySelectorAll(".chart")) {
    const plot = chart.querySelector(".plot");
    const lines = [...plot.querySelectorAll("polyline")].map(line => ({
    name: line.dataset.name, points: line.getAttribute("points").split(" ").map(p => p.split(",").map(Number)) })).filter(line => line.points.length > 1);
    if (!lines.length) continue;
    const [x0, x1] = chart.dataset.x.split(" ").map(Number), [y0, y1] = chart.dataset.y.split(" ").map(Number);
    const main = lines[lines.length - 1].points;
    const hair = make("div", "hair", plot), tip = make("div", "tip", plot), said = make("p", "sr", chart.parentElement);
    said.setAttribute("aria-live", "polite"); hair.hidden = tip.hidden = true;
    chart.tabIndex = 0; let at = main.length - 1;
    const nearest = (points, x) => { let low = 0, high = points.length - 1;
    while (low < high) { const mid = (low + high) >> 1; if (points[mid][0] < x) low = mid + 1; else high = mid; }
    return low > 0 && x - points[low - 1][0] < points[low][0] - x ? low - 1 : low; };
    const show = (index, aloud) => { at = Math.max(0, Math.min(main.length - 1, index));
    const x = main[at][0], event = x0 + (x1 - x0) * x / 2000;
    const texts = ["event " + Math.round(event).toLocaleString("en")];
    for (const line of [...lines].reverse()) { const p = line.points[nearest(line.points, x)];
    texts.push(line.name + ": " + figure(y0 + (y1 - y0) * (1 - p[1] / 1000))); }
    tip.replaceChildren(...texts.map(t => { const row = document.createElement("div"); row.textContent = t; row.dir = "auto"; return row; }));
    hair.hidden = tip.hidden = false; hair.style.left = x / 20 + "%";
    if (x > 1000) { tip.style.left = "auto"; tip.style.right = 100 - x / 20 + 1 + "%"; } else { tip.style.right = "auto"; tip.style.left = x / 20 + 1 + "%"; }
    if (aloud) said.textContent = texts.join(", "); };
    const hide = () => { hair.hidden = tip.hidden = true; };
    plot.onpointermove = e => { const box = plot.getBoundingClientRect(); show(nearest(main, 2000 * (e.clientX - box.left) / box.width), false); };
    plot.onpointerleave = hide; chart.onblur = hide;
    chart.onkeydown = e => { const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -1e9, End: 1e9 }[e.key];
    if (e.key === "Escape") hide(); if (!step) return; e.preventDefault(); show(at + step, true); };
    }
    })();
    """#
}
