"""Importance sampling of the whole gallery, and NUTS beside it: ``python tests/benchmarks/importance.py``.

A line a model: parameters D, Pareto k by round, effective sample size of the weights of the last two rounds, smallest
bulk ESS of the draws and of NUTS's, seconds to sample (the second run of each), largest difference of a mean in SDs.
"""

import bayeshlm as hlm
from bayeshlm.faces.gallery import gallery_names
from bayeshlm.fitted import FittedModel

if __name__ == "__main__":
    for name in gallery_names():
        model = hlm.open_model(name)
        fits = [
            [model.fit(seed=seed, sampler=sampler, progress=False) for seed in (1, 2)][1]
            for sampler in ("importance", "nutpie")
        ]
        draws = [
            FittedModel(fit.model.design, fit.model.priors, fit.idata).draws.scalars().reshape(-1, 4000) for fit in fits
        ]
        apart = abs(draws[0].mean(axis=1) - draws[1].mean(axis=1)) / draws[1].std(axis=1)
        verdicts = [fit.convergence for fit in fits]
        certificate = verdicts[0].certificate
        seconds = [fit.idata.attrs["sample_seconds"] for fit in fits]
        print(
            f"{name:40s} D {len(draws[0]):2d}  k {' '.join(f'{k:5.2f}' for k in certificate.pareto_k):24s}"
            f" {'holds' if certificate.holds else 'FAILS'}"
            f"  ESS {sum(certificate.ess_weights[-2:]):5.0f}, draws {verdicts[0].min_ess_bulk:5.0f}"
            f" / {verdicts[1].min_ess_bulk:5.0f}  {1e3 * seconds[0]:4.0f} / {1e3 * seconds[1]:4.0f} ms"
            f"  apart {apart.max():.3f}"
        )
