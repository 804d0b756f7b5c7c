"""Writing logged runs to MLflow, in the process that imports it."""

from __future__ import annotations

import fcntl
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Experiment, Metric, Param, Run, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from alharness.tracking.logged_run import (
    FAILURE_TAG,
    KEY_TAG,
    LAYOUT,
    LAYOUT_TAG,
    STATE_TAG,
    SUPERSEDED_TAG,
    LoggedRun,
)
from alharness.tracking.tracking_uri import is_database

PAGE = 200
ONE_BATCH, ONE_BATCH_TAGS = 1000, 100
"""What MLflow takes in one request: so many metrics, params and tags in all, so many tags."""


SUPERSEDED = "by alharness 0.2, whose units have other keys"
"""What runs of alharness 0.1 and their experiment are tagged with."""


class MlflowStore:
    """One experiment of an MLflow store, found or created.

    An experiment of that name that alharness 0.1 wrote is renamed, and
    ``superseded`` is its new name: its runs are not mixed with new ones.

    Runs are created under a lock that all benches of the workspace share, after
    a look whether another bench has created the same one meanwhile. Two
    workspaces that track one suite to one server at the same time can still
    create a run twice.
    """

    def __init__(self, uri: str, workspace: Path, experiment: str, title: str) -> None:
        self._client = MlflowClient(uri)
        self._lock = workspace / "mlflow.lock"
        self._me = uuid.uuid4().hex
        self.superseded: str | None = None
        with self._exclusive():
            self._experiment = self._find_experiment(uri, workspace, experiment, title)
        self._runs = {run.data.tags[KEY_TAG]: run for run in self._runs_of(self._experiment)}

    def states(self) -> dict[str, str]:
        """The state of every run that is there, by key."""
        return {key: run.data.tags.get(STATE_TAG, "") for key, run in self._runs.items()}

    def write(self, run: LoggedRun) -> None:
        """Create a run or continue it. The state is written last: a run without it is continued."""
        there = self._runs.get(run.key) or self._create(run)
        self._runs[run.key] = there
        run_id = there.info.run_id
        if FAILURE_TAG in there.data.tags and FAILURE_TAG not in run.tags:
            self._client.delete_tag(run_id, FAILURE_TAG)
            del there.data.tags[FAILURE_TAG]
        if run.ended is None:
            self._client.update_run(run_id, status=run.status)
        else:
            self._client.set_terminated(run_id, run.status, run.ended)
        self._log(run_id, run)
        there.data.tags.update(run.tags)

    def _log(self, run_id: str, run: LoggedRun) -> None:
        """One ``log_batch``. MLflow cuts a big one up, tags first: then the state goes apart."""
        metrics = [
            Metric(point.metric, point.value, point.time, point.step) for point in run.metrics
        ]
        params = [Param(name, value) for name, value in run.params.items()]
        tags = [RunTag(name, value) for name, value in run.tags.items()]
        state = RunTag(STATE_TAG, run.state)
        if len(metrics) + len(params) + len(tags) < ONE_BATCH and len(tags) < ONE_BATCH_TAGS:
            self._client.log_batch(run_id, metrics, params, [*tags, state], synchronous=True)
        else:
            self._client.log_batch(run_id, metrics, params, tags, synchronous=True)
            self._client.log_batch(run_id, tags=[state], synchronous=True)

    def _find_experiment(self, uri: str, workspace: Path, name: str, title: str) -> str:
        """The experiment of this name, without any run that alharness 0.1 wrote."""
        there = self._client.get_experiment_by_name(name)
        if there is not None and LAYOUT_TAG not in there.tags:
            there = self._claim(there)
        if there is not None:
            return str(there.experiment_id)
        folder = workspace.resolve() / "mlartifacts" / name
        artifacts = folder.as_uri() if is_database(uri) else None
        # The kind opens the page of training runs, not that of language models.
        tags = {
            "mlflow.note.content": title,
            "mlflow.experimentKind": "custom_model_development",
            LAYOUT_TAG: str(LAYOUT),
        }
        return str(self._client.create_experiment(name, artifacts, tags))

    def _claim(self, there: Experiment) -> Experiment | None:
        """Take over an experiment that somebody else made; None when it had to be superseded."""
        old = list(self._runs_of(there.experiment_id))
        if not old:
            self._client.set_experiment_tag(there.experiment_id, LAYOUT_TAG, str(LAYOUT))
            return there
        self._supersede(there, old)
        return None

    def _supersede(self, there: Experiment, runs: list[Run]) -> None:
        """Mark what alharness 0.1 wrote, and give its name free.

        The name comes last: what was interrupted before is taken up again.
        """
        for run in runs:
            if SUPERSEDED_TAG not in run.data.tags:
                self._client.set_tag(run.info.run_id, SUPERSEDED_TAG, SUPERSEDED)
        self._client.set_experiment_tag(there.experiment_id, SUPERSEDED_TAG, SUPERSEDED)
        name = self._free_name(there.name)
        self._client.rename_experiment(there.experiment_id, name)
        self.superseded = name

    def _free_name(self, name: str) -> str:
        """A name that no experiment has, those in the bin included."""
        candidates = (
            f"{name} (superseded, alharness 0.1{more})"
            for more in chain([""], (f", {number}" for number in count(2)))
        )
        return next(one for one in candidates if self._client.get_experiment_by_name(one) is None)

    def _runs_of(self, experiment: str, condition: str = "") -> Iterator[Run]:
        """The runs of an experiment that alharness wrote."""
        token = None
        while True:
            page = self._client.search_runs(
                [experiment], condition, max_results=PAGE, page_token=token
            )
            yield from (run for run in page if KEY_TAG in run.data.tags)
            token = page.token
            if not token:
                return

    def _create(self, run: LoggedRun) -> Run:
        """A new run with its key, unless another bench created it since this one looked."""
        with self._exclusive() as alone:
            if not alone:
                same = f"tags.`{KEY_TAG}` = '{run.key}'"
                for there in self._runs_of(self._experiment, same):
                    return there
            tags = {KEY_TAG: run.key}
            if run.parent is not None:
                tags[MLFLOW_PARENT_RUN_ID] = self._runs[run.parent].info.run_id
            return self._client.create_run(self._experiment, run.started, tags, run.name)

    @contextmanager
    def _exclusive(self) -> Iterator[bool]:
        """Hold the workspace's lock; whether nobody else held it since the last time."""
        with self._lock.open("a+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.seek(0)
            alone = stream.read() == self._me
            if not alone:
                stream.truncate(0)
                stream.write(self._me)
                stream.flush()
            yield alone
