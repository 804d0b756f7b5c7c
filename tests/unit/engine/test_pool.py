"""What the pool hands out, against direct computation.

Independent sources: autograd through the whole network for the last layer; for the
gradient embedding, the gradient of the cross entropy of the predicted class (Ash et al.,
2020, section 3), computed image by image.
"""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from alharness import HarnessError
from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.pool import Granted, ImagePool, RunSoFar
from alharness.protocol.components import MethodNeeds
from alharness.testing.images import N_CLASSES, SmallNetwork, draw_images
from alharness.testing.pools import Pools


@pytest.fixture
def pool():
    return Pools().ordinary()


def pool_of(model, run=None, granted=None, n_unlabeled=20, n_labeled=9):
    rng = np.random.default_rng(0)
    images = [
        HeldImages(torch.from_numpy(draw_images(n, rng)[0])) for n in (n_unlabeled, n_labeled)
    ]
    network = Network(model, torch.zeros(1), torch.ones(1))
    return ImagePool(
        *images,
        torch.zeros(n_labeled, dtype=torch.int64),
        N_CLASSES,
        network,
        None,
        run=run,
        granted=granted,
    )


@pytest.mark.parametrize("subset", ["unlabeled", "labeled"])
def test_the_head_makes_logits_of_embeddings(pool, subset):
    head = pool.head()
    assert not head.training
    with torch.no_grad():
        torch.testing.assert_close(head(pool.embeddings(subset)), pool.logits(subset))


def test_gradients_through_the_head_are_those_of_the_network(pool):
    """As in ALFA-Mix: of the loss in the features; as in BADGE: in the last layer's weights."""
    images, labels = pool.images("labeled"), pool.labels()
    model = pool.model()
    features = model.forward_head(model.forward_features(images), pre_logits=True)
    features.retain_grad()
    cross_entropy(model.get_classifier()(features), labels).backward()

    head = pool.head()
    embeddings = pool.embeddings("labeled").requires_grad_()
    cross_entropy(head(embeddings), labels).backward()
    torch.testing.assert_close(embeddings.grad, features.grad)
    torch.testing.assert_close(head.weight.grad, model.get_classifier().weight.grad)
    assert float(embeddings.grad.abs().max()) > 0


def test_nothing_that_is_done_to_a_head_reaches_the_pool(pool):
    before = pool.logits("labeled")
    head = pool.head()
    head(pool.embeddings("labeled")).sum().backward()
    with torch.no_grad():
        head.weight.zero_()
    assert pool.head().weight.grad is None
    assert torch.equal(pool.logits("labeled"), before)
    with torch.no_grad():
        torch.testing.assert_close(pool.model()(pool.images("labeled")), before)


@pytest.mark.parametrize("subset", ["unlabeled", "labeled"])
def test_the_gradient_in_the_last_layers_weights_is_the_factors_outer_product(pool, subset):
    errors, embeddings = pool.gradient_factors(subset)
    assert errors.shape == (len(pool.images(subset)), N_CLASSES)
    assert embeddings.shape == pool.embeddings(subset).shape
    assert not errors.requires_grad
    model = pool.model()
    for row, image in enumerate(pool.images(subset)[:25]):
        model.zero_grad()
        logits = model(image[None])
        cross_entropy(logits, logits.argmax(1)).backward()
        torch.testing.assert_close(
            torch.outer(errors[row], embeddings[row]),
            model.get_classifier().weight.grad,
            rtol=1e-3,
            atol=1e-5,
        )


class WithoutLayer(SmallNetwork):
    def __getattribute__(self, name):
        if name == "get_classifier":
            raise AttributeError(name)
        return super().__getattribute__(name)


class TwoHeads(SmallNetwork):
    def get_classifier(self):
        return self.head, self.head


class OnMaps(SmallNetwork):
    def get_classifier(self):
        return nn.Conv2d(16, N_CLASSES, 1)


class OtherWidth(SmallNetwork):
    def get_classifier(self):
        return nn.Linear(16, 3)


class Scaled(SmallNetwork):
    def forward_head(self, x, pre_logits=False):
        head = super().forward_head(x, pre_logits)
        return head if pre_logits else 1.01 * head


class NotFinite(SmallNetwork):
    def get_classifier(self):
        layer = nn.Linear(16, N_CLASSES)
        nn.init.constant_(layer.bias, torch.nan)
        return layer


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (WithoutLayer, "offers no last layer"),
        (TwoHeads, "offers no last layer"),
        (OnMaps, "takes no penultimate features"),
        (OtherWidth, "gives (3,) for an image"),
        (Scaled, "whose logits are not the network's"),
        (NotFinite, "whose logits are not the network's"),
    ],
)
def test_a_model_without_such_a_layer_is_told(model, said):
    torch.manual_seed(0)
    with pytest.raises(HarnessError) as refused:
        pool_of(model(N_CLASSES, 1)).head()
    assert said in str(refused.value)
    assert "get_classifier()" in str(refused.value)


def test_a_run_so_far():
    run = RunSoFar(
        cycle=2,
        labeled_in=np.repeat([2, 0, 1], 3),
        numbers={"unlabeled": np.arange(20) + 2**62, "labeled": np.arange(9)},
        stored={"scores": np.ones(3)},
    )
    pool = pool_of(SmallNetwork(N_CLASSES, 1), run)
    assert pool.cycle == 2
    for _ in range(2):  # what is done to them reaches no pool
        assert pool.labeled_in().tolist() == [2, 2, 2, 0, 0, 0, 1, 1, 1]
        assert pool.numbers().tolist() == [2**62 + row for row in range(20)]
        assert pool.numbers("labeled").tolist() == list(range(9))
        assert pool.stored()["scores"].tolist() == [1, 1, 1]
        for given in (pool.labeled_in(), pool.numbers(), pool.numbers("labeled")):
            assert given.dtype == torch.int64
            given.zero_()
        pool.stored()["scores"][:] = 0


def test_what_is_granted_is_given():
    torch.manual_seed(0)
    extension = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    granted = Granted(
        extension=extension,
        representation="task-model",
        hidden_labels={"unlabeled": torch.arange(20)},
    )
    pool = pool_of(SmallNetwork(N_CLASSES, 1), granted=granted)
    assert torch.equal(pool.representation("labeled"), pool.embeddings("labeled"))
    pool.hidden_labels().zero_()
    assert torch.equal(pool.hidden_labels(), torch.arange(20))
    given = pool.extension()
    assert not given[1].training
    with torch.no_grad():
        given[0].weight.zero_()
    assert torch.equal(pool.extension()[0].weight, extension[0].weight)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda pool: next(pool.committee_probabilities()), "Needs(committee=...)"),
        (lambda pool: pool.extension(), "Needs(extension=...)"),
        (lambda pool: pool.representation(), 'Needs(representation="task-model")'),
        (lambda pool: pool.hidden_labels(), "Needs(sees_labels=True)"),
    ],
)
def test_what_is_not_declared_is_not_given(pool, ask, said):
    with pytest.raises(HarnessError) as refused:
        ask(pool)
    assert said in str(refused.value)


def test_the_kits_pools_grant_what_is_declared():
    rows = np.random.default_rng(0).permutation(203)
    pools = Pools(MethodNeeds(committee=2, representation="task-model", sees_labels=True))
    ordinary, permuted = pools.ordinary(), pools.permuted(rows)
    assert torch.equal(permuted.hidden_labels(), ordinary.hidden_labels()[rows])
    assert torch.equal(permuted.numbers(), ordinary.numbers()[rows])
    assert torch.equal(permuted.labeled_in(), ordinary.labeled_in().flip(0))
    assert len(next(ordinary.committee_probabilities())[1]) == 2
    assert (ordinary.cycle, pools.first_cycle().cycle) == (1, 0)
    assert ordinary.labeled_in().unique().tolist() == [0, 1]
    assert not pools.first_cycle().labeled_in().any()
    accuracy = (ordinary.logits().argmax(1) == ordinary.hidden_labels()).float().mean()
    assert accuracy > 0.6


def test_the_kit_gives_what_was_stored_in_the_cycle_before():
    """The pool then held what has been labeled since."""

    def store(before):
        assert before.cycle == 0
        assert before.stored() == {}
        return {"numbers": before.numbers().numpy(), "known": before.numbers("labeled").numpy()}

    pool = Pools(store=store).ordinary()
    stored = pool.stored()
    new = pool.numbers("labeled")[pool.labeled_in() == 1].tolist()
    assert set(stored["numbers"].tolist()) == {*pool.numbers().tolist(), *new}
    assert set(stored["known"].tolist()) | set(new) == set(pool.numbers("labeled").tolist())
