"""Our statistics tried on benches whose truth is known (``benchmarks/simulate_statistics.py``).

``benches`` draws them, ``decisions`` decides all repetitions of a bench at once as
``alharness.statistics`` decides one, ``shares`` and ``looks`` count how often that is right,
``demands`` says what must hold, ``page`` writes it down.
"""
