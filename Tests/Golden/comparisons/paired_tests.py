import json, numpy as np
from math import lgamma, log
from scipy.special import gammainc
from scipy.optimize import brentq
d = np.round(np.random.default_rng(5).normal(0.06, 1, 400), 4)
def bounded(d, block, clip):
    first, r, sq, n, cs = max(4, -(-32 // block)), [], 0.0, 0, []
    for m in (d[:len(d)//block*block].reshape(-1, block).mean(1)):
        s = clip*np.sqrt(sq/n) if n else 0
        if n >= first: r.append(float(np.clip(m/s, -1, 1))); cs.append(s)
        n += 1
        sq += min(abs(m), s)**2 if n > first else m*m
    return np.array(r), float(np.mean(cs))
def logmix(s, v, v_opt, c):
    rho = v_opt/(2*log(10)+log(1+2*log(10))); a = rho/c**2; b = (v+rho)/c**2; x = (c*s+v+rho)/c**2
    return a*log(a)-lgamma(a)-log(gammainc(a, a))+lgamma(b)+log(gammainc(b, x))-b*log(x)+x-a
def eb(r, scale, v_opt, risk):
    g = np.concatenate([[0], np.cumsum(r)[:-1]/np.arange(1, len(r))])
    s, v, n = r.sum(), ((r-g)**2).sum(), len(r)
    u = brentq(lambda s: logmix(s, v, v_opt, 2)-log(1/risk), 1e-9, 1e4, xtol=1e-13)
    return dict(better=logmix(s, v, v_opt, 2), worse=logmix(-s, v, v_opt, 2), low=(s-u)/n*scale, high=(s+u)/n*scale)
def bet(r, scale, risk):
    lam = .95*.55**np.arange(10); n = len(r)
    def e(r, m): return float(np.logaddexp.reduce([np.log1p(l*r).sum()-n*np.log1p(l*m) for l in lam]))-log(10)
    def low(r): return brentq(lambda m: e(r, m)-log(1/risk), -.999999, .999999, xtol=1e-15) if e(r, -.999999) > log(1/risk) else -1
    return dict(better=e(r, 0), worse=e(-r, 0), low=low(r)*scale, high=-low(-r)*scale)
out = dict(differences=d.tolist(), risk=.05, cases=[])
for block, clip in [(1, 5), (8, 3)]:
    r, scale = bounded(d, block, clip)
    out["cases"] += [dict(test=f"betting:block={block},clip={clip}", **bet(r, scale, .05)),
                     dict(test=f"empirical-bernstein:block={block},clip={clip},horizon=100", **eb(r, scale, 100/clip**2, .05))]
# the authors' own figures, confseq's test of its C++: gamma_exponential_log_mixture(10, 100, 100, 2), gamma_exponential_mixture_bound(100, .05, 100, 2)
out["confseq"] = dict(log_mixture=-0.2490165, bound=33.02017)
print(logmix(10, 100, 100, 2), brentq(lambda s: logmix(s,100,100,2)-log(20),1,1000))
json.dump(json.loads(json.dumps(out, default=float)), open("Tests/Golden/comparisons/paired_tests.json", "w"))
for c in out["cases"]: print(c)
