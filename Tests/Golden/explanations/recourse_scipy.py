"""Linear, quadratic and mixed-integer programs of recourse, solved by scipy."""

import json
import pathlib

import numpy
from scipy.optimize import LinearConstraint, Bounds, linprog, milp, minimize

random = numpy.random.default_rng(5)
amounts, mixed = [], []
for n in [1, 2, 3, 5, 8, 12, 20, 30] * 2:
    prices, gains, most = random.uniform(0.1, 3, n), random.uniform(0.05, 2, n), random.uniform(0.1, 4, n)
    need = random.uniform(0.1, 0.9) * (gains @ most)
    lp = linprog(prices, A_ub=[-gains], b_ub=[-need], bounds=list(zip([0] * n, most)), method="highs")
    qp = minimize(
        lambda a: ((prices * a) ** 2).sum(), most * need / (gains @ most), jac=lambda a: 2 * prices**2 * a,
        bounds=list(zip([0] * n, most)), method="SLSQP", options={"ftol": 1e-12, "maxiter": 2000},
        constraints=[{"type": "ineq", "fun": lambda a: gains @ a - need, "jac": lambda a: gains}])
    assert lp.success and qp.success, (lp.message, qp.message)
    amounts.append(dict(prices=prices.tolist(), gains=gains.tolist(), most=most.tolist(), need=need,
                        sum=lp.fun, squares=qp.fun))
for n in [2, 3, 4, 6, 8, 12] * 3:
    prices, gains = random.uniform(0.1, 3, n), random.uniform(0.05, 2, n)
    whole = random.uniform(size=n) < 0.7
    most = numpy.where(whole, random.integers(1, 9, n), random.uniform(0.1, 1, n))
    need = random.uniform(0.1, 0.9) * (gains @ most)
    own = milp(prices, integrality=whole.astype(int), bounds=Bounds(0, most),
               constraints=LinearConstraint(gains[None, :], need, numpy.inf), options={"mip_rel_gap": 0})
    assert own.success
    mixed.append(dict(prices=prices.tolist(), gains=gains.tolist(), most=most.tolist(), whole=whole.tolist(),
                      need=need, sum=own.fun))
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(dict(amounts=amounts, mixed=mixed), indent=1) + "\n")
