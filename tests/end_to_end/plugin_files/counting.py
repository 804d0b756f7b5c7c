"""A sampler that notes how many images it is shown, and picks the first: rows are in no order."""

import alharness


class Counting(alharness.Sampler):
    def query(self, pool, budget, rng):
        self.notes = {"shown": pool.n_unlabeled, "labeled": pool.n_labeled}
        return range(budget)


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("counting", Counting)
