"""``linear`` and ``mlp``, which take features as well as images."""

import pytest
import torch
from torch import nn

PARAMETERS = {"linear": {}, "mlp": {"hidden": 16, "layers": 2}}


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_rows_of_features_are_taken(build, name, dropout):
    network = build(name, 3, 20, 1, dropout=dropout, **PARAMETERS[name]).eval()
    features = torch.randn(5, 20)
    with torch.no_grad():
        logits = network(features)
        embeddings = network.forward_head(network.forward_features(features), pre_logits=True)
        assert logits.shape == (5, 3)
        assert embeddings.shape == (5, network.num_features)
        assert torch.equal(network.get_classifier()(embeddings), logits)


@pytest.mark.parametrize("name", PARAMETERS)
def test_images_are_features_laid_out_in_squares(build, name):
    torch.manual_seed(0)
    on_images = build(name, 3, 2, 4, **PARAMETERS[name]).eval()
    torch.manual_seed(0)
    on_features = build(name, 3, 32, 1, **PARAMETERS[name]).eval()
    images = torch.rand(5, 2, 4, 4)
    assert torch.equal(on_images(images), on_features(images.flatten(1)))


def test_linear_is_logistic_regression(build):
    network = build("linear", 4, 6, 1)
    features = torch.randn(5, 6)
    weight, bias = network.get_classifier().weight, network.get_classifier().bias
    torch.testing.assert_close(network(features), features @ weight.T + bias)
    assert sum(parameter.numel() for parameter in network.parameters()) == 4 * 7


@pytest.mark.parametrize("name", PARAMETERS)
def test_whether_there_is_dropout_is_told(build, name):
    def dropouts(p):
        network = build(name, 3, 20, 1, dropout=p, **PARAMETERS[name])
        return [one.p for one in network.modules() if isinstance(one, nn.Dropout)]

    assert dropouts(0.0) == []
    assert dropouts(0.25) == [0.25]
