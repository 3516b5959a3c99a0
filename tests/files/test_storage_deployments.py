"""Deployments: seeded by the settings, ruled by the database, changed with an audit row."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from config.errors import Final
from config.settings import DeploymentSettings, Settings
from storage import audit, deployments
from storage.session import Database, migrate
from storage.tables import Audit
from tests.factories.storage import at


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'axspa.sqlite'}")
    migrate(made)
    yield made
    made.dispose()


def rows(database: Database) -> list[tuple[str, str, int, bool]]:
    return [(row.bundle, row.purpose.value, row.series_base, row.enabled) for row in deployments.every(database)]


def actions(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        return [(row.actor, row.action) for row in session.scalars(select(Audit).order_by(Audit.seq))]


def test_the_settings_make_the_first_ones_and_then_the_database_rules(database: Database) -> None:
    first = [DeploymentSettings(bundle="sij-1"), DeploymentSettings(bundle="sij-2", purpose="shadow")]
    deployments.seed(database, first, at=at(0))
    deployments.seed(database, Settings().wanted_deployments, at=at(1))
    assert rows(database) == [("sij-1", "primary", 900, True), ("sij-2", "shadow", 920, True)]
    assert actions(database) == [("settings", "deployment.add")] * 2
    assert audit.verify(database).intact


def test_a_difference_is_told_until_a_person_adopts_the_settings(database: Database) -> None:
    deployments.seed(database, Settings().wanted_deployments, at=at(0))
    assert deployments.differences(deployments.every(database), Settings().wanted_deployments) == []
    wanted = [DeploymentSettings(bundle="sij-2"), DeploymentSettings(bundle="sij-3", purpose="trial", series_base=1000)]
    told = deployments.differences(deployments.every(database), wanted)
    assert told == [
        "sij_mri with sij-2 is in the settings and not in the database.",
        "sij_mri with sij-3 is in the settings and not in the database.",
        "sij_mri with sij-1 is in the database and not in the settings.",
    ]
    assert deployments.adopt(database, wanted, actor="ada", at=at(1)) == told
    assert rows(database) == [
        ("sij-1", "primary", 900, False),
        ("sij-2", "primary", 920, True),
        ("sij-3", "trial", 1000, True),
    ]
    assert deployments.differences(deployments.every(database), wanted) == []
    assert actions(database)[1:] == [("ada", "deployment.off"), ("ada", "deployment.add"), ("ada", "deployment.add")]


def test_a_changed_purpose_is_a_difference_and_adopted(database: Database) -> None:
    deployments.seed(database, Settings().wanted_deployments, at=at(0))
    wanted = [DeploymentSettings(bundle="sij-1", purpose="shadow")]
    (told,) = deployments.adopt(database, wanted, actor="ada", at=at(1))
    assert told.startswith("sij_mri with sij-1 is primary, series from 900, on in the database")
    assert rows(database) == [("sij-1", "shadow", 900, True)]
    assert actions(database)[-1] == ("ada", "deployment.change")


def test_bases_that_overlap_are_refused_and_nothing_changes(database: Database) -> None:
    deployments.seed(database, Settings().wanted_deployments, at=at(0))
    near = [DeploymentSettings(bundle="sij-1"), DeploymentSettings(bundle="sij-2", series_base=919)]
    with pytest.raises(Final, match="SERIES_BASE_TAKEN"):
        deployments.adopt(database, near, actor="ada", at=at(1))
    assert rows(database) == [("sij-1", "primary", 900, True)]
    apart = [DeploymentSettings(bundle="sij-1"), DeploymentSettings(bundle="sij-2", series_base=880)]
    deployments.adopt(database, apart, actor="ada", at=at(1))
    assert rows(database) == [("sij-2", "primary", 880, True), ("sij-1", "primary", 900, True)]
