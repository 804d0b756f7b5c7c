"""The grammar of ``--plugin`` and ``--executor``: every value that TOML takes, and plain text."""

import pytest

from alharness import UsageError
from alharness.protocol.written_reference import name_in, parse_reference

READ = {
    "x": ("x", {}),
    "timm:resnet18.a1_in1k": ("timm:resnet18.a1_in1k", {}),
    "timm:resnet18:a=1,b-c=2": ("timm:resnet18", {"a": 1, "b-c": 2}),
    "x:a=1": ("x", {"a": 1}),
    "x:a=1e3": ("x", {"a": 1000.0}),
    "x:a=0x10,b=1_000": ("x", {"a": 16, "b": 1000}),
    "x:a=true": ("x", {"a": True}),
    "x:a=True": ("x", {"a": "True"}),
    "x:a=": ("x", {"a": ""}),
    "x:a=1,": ("x", {"a": 1}),
    "x: a = 1 , b = red ": ("x", {"a": 1, "b": "red"}),
    "x:a=2024-01-01": ("x", {"a": "2024-01-01"}),
    "x:a=[2024-01-01]": ("x", {"a": ["2024-01-01"]}),
    "x:a=12:30": ("x", {"a": "12:30"}),
    "x:a=http://host:80/x": ("x", {"a": "http://host:80/x"}),
    "x:a=http://host:80/x=1": ("x", {"a": "http://host:80/x=1"}),
    "x:a=C:\\dir,b=1": ("x", {"a": "C:\\dir", "b": 1}),
    'x:a="p,q",b=2': ("x", {"a": "p,q", "b": 2}),
    'x:a="1"': ("x", {"a": "1"}),
    r'x:a="\"q\",",b=2': ("x", {"a": '"q",', "b": 2}),
    "x:a='p,\"q=',b=2": ("x", {"a": 'p,"q=', "b": 2}),
    "x:a='''it's''',b=2": ("x", {"a": "it's", "b": 2}),
    'x:a=["p","q,r]"],b=2': ("x", {"a": ["p", "q,r]"], "b": 2}),
    "x:a={b=[1,{c='x=]'}]},d=2": ("x", {"a": {"b": [1, {"c": "x=]"}]}, "d": 2}),
    "x:a=1\nb=2": ("x", {"a": "1\nb=2"}),
}


@pytest.mark.parametrize("text", READ)
def test_what_is_read(text):
    reference = parse_reference(text)
    assert (reference.name, reference.parameters) == READ[text]
    assert name_in(text) == reference.name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' names no plugin"),
        (":a=1", "':a=1' names no plugin"),
        ("x=1", "'x=1' names no plugin"),
        ("x:a.b=1", "'x:a.b=1' names no plugin"),
        ("x:a=1,b", "'b' in 'x:a=1,b' is not parameter=value"),
        ("x:a=1,a=2", "'a' is there twice"),
        ("x:a=[1", "'[1' in 'x:a=[1' does not close with ']'"),
        ("x:a=[}", "'[}' in 'x:a=[}' closes '}', which is not open"),
        ("x:a=[1]2", "'2' in 'x:a=[1]2' stands behind a value"),
        ('x:a="p', 'opens " and does not close it'),
        ("x:a=[1 2]", "'[1 2]' in 'x:a=[1 2]' is not TOML"),
        ("x:a=" + "[" * 2_000, "nests more than 50 deep"),
        ("x:a=" + "y" * 20_000, "10000 are the most"),
    ],
)
def test_what_is_malformed_is_quoted(text, said):
    with pytest.raises(UsageError) as error:
        parse_reference(text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600
