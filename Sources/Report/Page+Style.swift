/// How pages look: ink on paper, one accent for the model, and colours that mean something elsewhere alone.
extension Page {
  /// A colour's name with its values on light and on dark ground. Text has a contrast of 4.5 at least on its ground, what is
  /// drawn of 3. Lines of several colours differ in their dashes too.
  private static let colours: [(name: String, light: String, dark: String)] = [
    ("ground", "#fbfaf7", "#14181d"), ("panel", "#f3f1eb", "#1d232a"),
    ("ink", "#1c2126", "#e6e9ec"), ("quiet", "#59626c", "#a3adb8"),
    ("rule", "#dad6cd", "#333b44"), ("m", "#0b6480", "#5cc4e4"), ("b", "#867b6b", "#a79c8b"),
    ("alarm", "#b33d0c", "#ff8f61"), ("warning", "#8a6400", "#e2b93b"),
    ("check", "#6f3bb0", "#bb9af7"), ("react", "#3c4650", "#c3cbd3"),
    ("kept", "#1d7044", "#63cf93"), ("undone", "#9d2f5c", "#ec8fb8"),
    ("s0", "#0072b2", "#56b4e9"), ("s1", "#b34700", "#ff8c42"), ("s2", "#00724f", "#2fcf9f"),
    ("s3", "#a0487a", "#e39bc4"), ("s4", "#8a6a00", "#e6c229"), ("s5", "#00818f", "#6fe3ee"),
    ("s6", "#4d4d4d", "#c9c9c9"), ("s7", "#7a3db8", "#c59bff"),
  ]

  private static let dashes = [
    "none", "7 3", "2 3", "9 3 2 3", "12 4", "5 2 1 2", "4 4", "1 2",
  ]

  private static func variables(
    _ colour: KeyPath<(name: String, light: String, dark: String), String>
  )
    -> String
  {
    colours.map { "--\($0.name):\($0[keyPath: colour])" }.joined(separator: ";")
  }

  static let style: String = {
    var text = ":root{color-scheme:light;\(variables(\.light));--gl:4.75rem;--gr:3.25rem}\n"
    text += "@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light])"
    text += "{color-scheme:dark;\(variables(\.dark))}}\n"
    text += "@media screen{:root[data-theme=dark]{color-scheme:dark;\(variables(\.dark))}}\n"
    for (index, dash) in dashes.enumerated() {
      text += ".s\(index){stroke:var(--s\(index));stroke-dasharray:\(dash)}\n"
    }
    return text + rules
  }()

  private static let rules = """
    *{box-sizing:border-box}
    html{font:100%/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%;scroll-behavior:smooth}
    @media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
    body{margin:0;background:var(--ground);color:var(--ink);overflow-wrap:anywhere}
    header,main,footer{max-width:66rem;margin:0 auto;padding:0 clamp(1rem,4vw,3rem)}
    h1,h2,h3{font-family:Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,serif;line-height:1.2;text-wrap:balance}
    h1{font-size:clamp(1.9rem,5vw,2.9rem);font-weight:600;letter-spacing:-.01em;margin:.2rem 0 .4rem}
    h2{font-size:1.5rem;font-weight:600;margin:0 0 1rem}
    h3{font-size:1.1rem;font-weight:600;margin:0 0 .35rem}
    h4{font-size:.95rem;margin:.75rem 0 .2rem}
    p{margin:0 0 .75rem;max-width:46rem}
    a{color:var(--m);text-underline-offset:.15em}
    :focus-visible{outline:2px solid var(--m);outline-offset:3px;border-radius:2px}
    main:focus{outline:none}
    bdi{unicode-bidi:isolate}
    header{padding-top:clamp(1.5rem,5vw,3.5rem)}
    .eyebrow{font-size:.8rem;letter-spacing:.08em;text-transform:uppercase;color:var(--quiet);margin:0}
    .about,.note,figcaption,footer,.lineage small{color:var(--quiet)}
    section{border-top:1px solid var(--rule);padding:2rem 0 1rem;margin-top:1.5rem}
    #verdict{border-top:0;margin-top:0;padding-top:.75rem}
    .verdict{border-left:.3rem solid var(--quiet);padding:.1rem 0 .1rem .9rem;font-size:1.6rem}
    .verdict.good{border-color:var(--kept)}.verdict.fair{border-color:var(--warning)}.verdict.bad{border-color:var(--alarm)}
    .lead{font-size:1.06rem}
    .glance{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:1px;margin:1.5rem 0 0}
    .glance div{outline:1px solid var(--rule);padding:.6rem .8rem}
    dt{color:var(--quiet);font-size:.82rem}dd{margin:0}
    .glance dd{font-size:1.35rem;font-variant-numeric:tabular-nums;line-height:1.3}
    .pairs dt{margin-top:.6rem}
    nav ol{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;padding:0;margin:1.25rem 0 0;font-size:.92rem}
    nav a{display:inline-block;padding:.2rem 0}
    figure{margin:0 0 2.25rem;min-width:0}
    figcaption{font-size:.8rem;margin-top:.8rem;display:flex;flex-wrap:wrap;align-items:baseline;gap:.3rem .6rem}figcaption .command{flex:1 1 18rem;margin:0}
    .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,18rem),1fr));gap:1rem 2.5rem;margin-bottom:1.5rem}
    .grid>*{min-width:0}
    .part p{font-size:.85rem;color:var(--quiet);margin-bottom:.5rem}
    .command{display:block;font:.78rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;background:var(--panel);color:var(--ink);padding:.4rem .6rem;margin-top:.25rem;user-select:all;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate}
    .chart{position:relative;margin:.25rem 0 .5rem}
    .unit{font-size:.78rem;color:var(--quiet);margin:0 0 .5rem}
    .plot{position:relative;height:17rem;margin:0 var(--gr) 2rem var(--gl)}
    .small .plot{height:8rem;--gl:3rem;--gr:1rem}
    .chart svg{display:block;width:100%;height:100%;overflow:visible}
    .chart path,.chart polyline,.legend path{fill:none;vector-effect:non-scaling-stroke}
    .grid path.grid,path.grid{stroke:var(--rule);stroke-width:1;display:inline}
    .line{stroke-width:1.5;stroke-linejoin:round;fill:none}
    .m{stroke:var(--m);stroke-width:2}.b{stroke:var(--b);stroke-dasharray:5 3}
    .rule{stroke-width:1;stroke:var(--alarm);opacity:.38}
    .yt,.xt,.lt,.lc{position:absolute;font-size:.75rem;line-height:1;color:var(--quiet);white-space:nowrap;font-variant-numeric:tabular-nums}
    .yt{right:100%;margin-right:.5rem;transform:translateY(50%)}
    .xt{top:100%;margin-top:.5rem;transform:translateX(-50%)}
    .lane{position:relative;height:1.15rem;margin:0 var(--gr) .3rem var(--gl)}
    .lt{right:100%;margin-right:.5rem;top:.2rem}.lc{left:100%;margin-left:.5rem;top:.2rem}
    .mark{stroke-width:2}.mark.alarm{stroke:var(--alarm)}.mark.warning{stroke:var(--warning)}.mark.check{stroke:var(--check)}.mark.react{stroke:var(--react)}.mark.kept{stroke:var(--kept)}.mark.undone{stroke:var(--undone)}.mark.version{stroke:var(--quiet)}
    .stretch.kept{fill:var(--kept)}.stretch.undone{fill:var(--undone)}
    .small .rule{opacity:.22}
    .legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;padding:0;margin:.5rem 0;font-size:.85rem}
    .legend li{display:flex;align-items:center;gap:.5rem;min-width:0}.legend svg{width:1.6rem;height:.5rem;flex:none}
    .scroll{overflow:auto;max-height:27rem;border:1px solid var(--rule)}
    table{border-collapse:collapse;width:100%;font-size:.84rem;line-height:1.4;overflow-wrap:break-word}
    .scroll table{width:max-content;min-width:100%}
    caption{text-align:left;color:var(--quiet);padding:.4rem .6rem;font-size:.8rem}
    th,td{text-align:left;vertical-align:top;padding:.32rem .6rem;border-top:1px solid var(--rule);max-width:24rem}
    .part td{max-width:13rem;overflow-wrap:anywhere}
    thead th{position:sticky;top:0;background:var(--panel);font-weight:600;z-index:1}
    .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
    td bdi{min-width:3rem}
    details{margin:.5rem 0}summary{cursor:pointer;font-size:.88rem;color:var(--m);padding:.2rem 0}
    .note{font-size:.82rem;margin:.4rem 0}
    .bins{font-size:.78rem}.bins thead th{position:static;background:none;font-weight:400;color:var(--quiet);padding-left:0}
    .bins th,.bins td{border:0;padding:.12rem .5rem .12rem 0}.bins th[scope=row]{font-weight:400;width:38%}
    .share{display:flex;align-items:center;gap:.35rem;height:.85rem}.share i{display:block;height:.6rem;flex:none;min-width:1px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
    .share b{font-weight:400;font-size:.7rem;line-height:1;color:var(--quiet);white-space:nowrap}
    .share.before i{background:var(--b)}.share.after i{background:var(--m)}
    .bins .before,.bins .after{font-weight:600}span.before{color:var(--ink)}span.after{color:var(--m)}
    .trials td{vertical-align:middle}.dumb{position:relative;min-width:9rem;width:30%}
    .dot{display:block;width:.65rem;height:.65rem;border-radius:50%;background:var(--kept);print-color-adjust:exact;-webkit-print-color-adjust:exact}
    .dot.undone{background:var(--undone);border-radius:0}.dot.without{background:var(--ground);border:2px solid var(--quiet)}
    .dumb .dot{position:absolute;top:50%;transform:translate(-50%,-50%)}
    .bar{position:absolute;top:50%;height:2px;margin-top:-1px;background:var(--kept);print-color-adjust:exact}.bar.undone{background:var(--undone)}
    .tag{display:inline-block;font-size:.75rem;line-height:1.3;padding:0 .4rem;border:1px solid currentColor;border-radius:.6rem;color:var(--quiet)}
    .tag.kept,.tag.promoted{color:var(--kept)}.tag.undone{color:var(--undone)}.tag.serves{color:var(--m)}
    .lineage{list-style:none;padding:0;margin:.5rem 0}
    .lineage li{display:grid;grid-template-columns:19rem 1fr;gap:.2rem 1rem;align-items:center;padding:.2rem 0;border-top:1px solid var(--rule)}
    .who{padding-left:calc(var(--depth)*.8rem);font-size:.88rem}
    .life{position:relative;height:.7rem;background:var(--panel)}.life i{position:absolute;top:0;bottom:0;background:var(--m);print-color-adjust:exact;-webkit-print-color-adjust:exact}.life i.undone{background:var(--undone)}
    .zero{position:absolute;top:0;bottom:0;width:1px;background:var(--alarm);opacity:.6}
    .bar.whole,.dot.whole{background:var(--m)}
    .curve{max-height:none;border:0}.curve img{display:block;width:100%;min-width:40rem;height:auto}
    .skip{position:absolute;left:-100rem;top:.5rem;background:var(--panel);padding:.5rem 1rem;z-index:9}.skip:focus{left:1rem}
    .sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
    footer{font-size:.82rem;padding-top:1.5rem;padding-bottom:3rem}
    button{font:inherit;font-size:.8rem;color:var(--ink);background:var(--panel);border:1px solid var(--rule);border-radius:.3rem;padding:.2rem .6rem;cursor:pointer;min-height:1.75rem}
    .theme{position:absolute;top:1rem;right:1rem}
    .hair{position:absolute;top:0;bottom:0;width:1px;background:var(--ink);opacity:.5;pointer-events:none}
    .tip{position:absolute;top:.25rem;background:var(--ground);border:1px solid var(--rule);padding:.3rem .5rem;font-size:.78rem;line-height:1.35;pointer-events:none;z-index:2;max-width:15rem;font-variant-numeric:tabular-nums}
    @media (max-width:44rem){
    :root{--gl:2.75rem;--gr:.75rem}
    .plot{height:13rem}.odd{display:none}
    .lane{padding-top:1rem;height:2rem}.lane svg{height:1rem}.lt{right:auto;left:0;margin:0;top:.1rem}.lc{left:auto;right:0;margin:0;top:.1rem}
    .lineage li{grid-template-columns:1fr}
    th,td{padding:.3rem .45rem}
    }
    @media print{
    @page{margin:16mm}
    html{font-size:10pt}body{background:#fff}
    nav,.theme,.skip,button,.tip,.hair{display:none}
    figure,.glance,tr{break-inside:avoid}h2,h3{break-after:avoid}
    .scroll{max-height:none;overflow:visible;border:0}thead th{position:static}
    .scroll table{width:100%;font-size:.7rem}th,td{max-width:none;padding:.2rem .25rem;overflow-wrap:anywhere}.n{white-space:normal}.dumb{min-width:5rem}
    }
    """
}
