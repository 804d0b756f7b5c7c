"""Mutations of suites and of command lines: made from a seed, the same every time."""

import random
import re
from collections.abc import Iterator

VALUES = [
    *("0", "-1", "1", "2", "1e-9", "1e-300", "5e-324", "1e308", "-inf", "inf", "nan", "true"),
    *("1000000000", "10000", "999", "1" + "0" * 400, "1" + "0" * 5000, "0x" + "f" * 9000),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "0.1", "0.5", "1.0"),
    *(
        '""',
        '"random"',
        '"munjal2022"',
        '"fixed"',
        '"first-initial-set"',
        '"\\u0000"',
        '"\\u001b["',
    ),
    *('"' + "x" * 5000 + '"', '"../../x"', '"a:b"', '"timm:"', '"/dev/zero"', '"é"', "'''\n\n'''"),
    *("[]", "[[]]", "{}", "[1, 2]", '["random", "random"]', '["random", 1]', "{ a = 1 }"),
    *('{ sampler = "vaal", epochs = 1000000000 }', '{ sampler = "qbc", members = 1000000000 }'),
    *('["random", { sampler = "qbc", members = 100000000 }]', '{ model = "mlp", hidden = -1 }'),
    *("{ log = [1, 0] }", "{ log = [1e-300, 1e300] }", "{ uniform = [-inf, 1] }", "[nan]"),
    *("2024-01-01", "12:30:00", "2024-01-01T00:00:00Z", "[" * 40 + "]" * 40, "[" * 900 + "]" * 900),
    *("{ a = 1, k = 1e300, alpha = -1e-300 }", "{ a = 1e9, k = 1e9, alpha = -1000 }", "[1e400]"),
]
LINES = [
    *("[protocol]", "[[scenarios]]", "[tuning.space]", "[methods]", "]", "=", '"""', "a.b.c = 1"),
    *("seeds = 2", 'name = "x"', "[[protocol]]", "[scenarios]", "# \x00", "\ufeff", "schema = 2"),
    *('long_tail = { a = 1, k = 10, alpha = -0.1 }', "stop_at_accuracy = 0.5", "nesterov = true"),
    *('schedule = { schedule = "steps", milestones = [-1] }', "weight_decay = 1e300", "seed = -1"),
]  # fmt: skip


def mutated_suites(suite: str, number: int, seed: int = 0) -> Iterator[str]:
    """``number`` suites that differ from ``suite`` in one to three places."""
    rng = random.Random(seed)
    for _ in range(number):
        text = suite
        for _ in range(rng.choice([1, 1, 2, 3])):
            text = _mutated(rng, text)
        yield text


def _mutated(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    place = rng.randrange(len(lines))
    line = lines[place]
    settings = [at for at, one in enumerate(lines) if "=" in one] or [place]
    match rng.randrange(16):
        case 0 | 1 | 2 | 3 | 4 | 5:  # another value
            place = rng.choice(settings)
            lines[place] = f"{lines[place].partition('=')[0]}= {rng.choice(VALUES)}"
        case 6 | 7 | 8 | 9 | 10:  # another number
            place = rng.choice(settings)
            lines[place] = re.sub(r"\d+$", rng.choice(["1", "2", "7", "50", "999"]), lines[place])
        case 11:
            del lines[place]
        case 12 | 13:
            lines.insert(place, rng.choice([*LINES, *lines]))
        case 14 if line:
            at = rng.randrange(len(line))
            lines[place] = line[:at] + chr(rng.choice([0, 9, 34, 61, 91, 93, 0x202E])) + line[at:]
        case _:
            rng.shuffle(lines)
    return "\n".join(lines)


NAMES = [
    "random",
    "margin",
    "vaal",
    "qbc",
    "bald",
    "timm:x",
    "no-such",
    "",
    ":",
    "local",
    "é",
    "a=b",
]
KEYS = ["epochs", "members", "passes", "jobs", "beta", "nothing", "", "a b", "x.y", "Ä"]
PIECES = [
    *(
        "1",
        "1e3",
        "1e400",
        "-1",
        "true",
        "inf",
        "9" * 5000,
        "2024-01-01",
        "12:30",
        "[1,2]",
        '"a,b"',
    ),
    *("{a=1}", "[", "]", "{", "'", '"', '"""', "\\", "[" * 2000, "a:b", "http://h:80/x=1", "\n"),
    *("{a=[1,{b='x'}]}", "", " ", "\x1b[31m", "\udcff", "x" * 20_000, ",,", "=,=", "é"),
]
OPTIONS = [
    *("--workspace", "--data-dir", "--plugin-file", "--suite", "--plugin", "--json", "--download"),
    *("--no-such", "--", "--help", "extra", "--plugin-file=/dev/zero", "--suite=/dev/zero"),
    *("--suite=x.toml", "--workspace=", "--suite=", "--plugin-file=.", "--workspace=/dev/null/x"),
    *("--workspace=/proc/x", "--data-dir=/dev/null", "--suite=digits", "--suite=digits-quik"),
    *("--workspace=" + "x" * 5000, "--plugin-file=" + "x" * 5000 + ".py", "--suite=\udcff.toml"),
    *("--suite=" + "x" * 5000 + ".toml"),
]


def reference(rng: random.Random) -> str:
    """What somebody may write behind ``--plugin`` and ``--add``."""
    settings = [
        rng.choice(KEYS) + rng.choice(["=", "=", "=", "", " = "]) + rng.choice(PIECES)
        for _ in range(rng.randrange(4))
    ]
    return rng.choice(NAMES) + rng.choice([":", ":", "", "::"]) + ",".join(settings)


def mutated_commands(number: int, seed: int = 0) -> Iterator[list[str]]:
    """Words behind ``alharness plan``."""
    rng = random.Random(seed)
    for _ in range(number):
        words = []
        for _ in range(rng.randrange(3)):
            words += [rng.choice(["--plugin", "--add"]), reference(rng)]
        for _ in range(rng.randrange(3)):
            words.append(rng.choice(OPTIONS))
        yield words
