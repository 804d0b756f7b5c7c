"""``ema``: a moving average of the weights, kept after training where it is not worse."""

import alharness


class Parameters(alharness.Parameters):
    decay: float = 0.9


class Ema(alharness.Regularizer):
    def __init__(self, decay):
        self.decay, self.shadow = decay, {}

    def after_step(self, model):
        for name, now in model.state_dict().items():
            before = self.shadow.get(name, now)
            floats = now.is_floating_point()
            self.shadow[name] = before.lerp(now, 1 - self.decay) if floats else now.clone()

    def after_training(self, model, continuation):
        return self.shadow


@alharness.hookimpl
def alharness_regularizers():
    yield alharness.RegularizerSpec("ema", Ema, summary="Averaged weights", parameters=Parameters)
