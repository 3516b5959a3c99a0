"""Settings: the example is complete, the environment wins, mistakes are named."""

import tomllib
from pathlib import Path

import pytest

from config.errors import SettingsError
from config.settings import Settings, load_settings

EXAMPLE = Path(__file__).resolve().parents[2] / "config" / "example.toml"


def options(section: object, prefix: str = "") -> dict[str, object]:
    """Flat option names with their values."""
    found: dict[str, object] = {}
    for name, value in section.items():  # type: ignore[attr-defined]
        found |= options(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found


def test_the_example_holds_every_option_with_its_default() -> None:
    shown = options(tomllib.loads(EXAMPLE.read_text()))
    defaults = options(Settings().model_dump(mode="json"))
    del defaults["destinations"], defaults["deployments"]  # none, and so no section
    assert shown == defaults


def test_the_example_loads_with_its_destination_uncommented(tmp_path: Path) -> None:
    head, _, tail = EXAMPLE.read_text().partition("# [[destinations]]")
    file = tmp_path / "axspa.toml"
    file.write_text(head + "[[destinations]]" + tail.replace("\n# ", "\n"))
    assert load_settings(file).destinations[0].ae_title == "ORTHANC"


def test_without_deployments_the_bundle_of_the_analysis_is_the_primary_one(tmp_path: Path) -> None:
    file = tmp_path / "axspa.toml"
    file.write_text('[analysis]\nbundle = "sij-9"\n')
    (only,) = load_settings(file).wanted_deployments
    assert (only.application, only.bundle, only.purpose, only.series_base) == ("sij_mri", "sij-9", "primary", None)
    file.write_text('[[deployments]]\nbundle = "sij-2"\npurpose = "shadow"\nseries_base = 940\n')
    (only,) = load_settings(file).wanted_deployments
    assert (only.bundle, only.purpose, only.series_base) == ("sij-2", "shadow", 940)


def test_the_environment_wins_over_the_file_and_leaves_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "axspa.toml"
    file.write_text('[receiver]\nport = 104\nae_title = "FILE"\n')
    monkeypatch.setenv("AXSPA_RECEIVER__PORT", "11113")
    receiver = load_settings(file).receiver
    assert (receiver.port, receiver.ae_title) == (11113, "FILE")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[receiver]\nport = 70000\n", "receiver.port"),
        ("[reciever]\nport = 104\n", "reciever"),
        ('[receiver]\nae_title = "SEVENTEEN_LETTERS"\n', "receiver.ae_title"),
        ("[receiver\n", "cannot be read"),
        ('[[destinations]]\nname = "a"\n', "destinations.0.host"),
        ('[[deployments]]\nbundle = "a"\n[[deployments]]\nbundle = "a"\n', "sij_mri with a"),
        (
            '[[deployments]]\nbundle = "a"\nseries_base = 900\n[[deployments]]\nbundle = "b"\nseries_base = 919\n',
            "[900, 919]",
        ),
        ('[[deployments]]\nbundle = "a"\npurpose = "other"\n', "deployments.0.purpose"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "axspa.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert named in caught.value.sentence


ONE = '[[destinations]]\nname = "{name}"\nae_title = "{ae_title}"\nhost = "192.0.2.1"\nport = 104\n'


def test_destinations_of_one_name_are_refused_and_the_name_is_said(tmp_path: Path) -> None:
    file = tmp_path / "axspa.toml"
    file.write_text("".join(ONE.format(name=name, ae_title=name.upper()) for name in ("pacs", "archive", "pacs")))
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert caught.value.code == "SETTINGS_INVALID"
    assert "destinations: " in caught.value.sentence
    assert "more than one is named 'pacs'" in caught.value.sentence


def test_destinations_may_share_an_ae_title(tmp_path: Path) -> None:
    file = tmp_path / "axspa.toml"
    file.write_text("".join(ONE.format(name=name, ae_title="PACS") for name in ("east", "west")))
    assert [destination.name for destination in load_settings(file).destinations] == ["east", "west"]


def test_a_missing_file_is_an_error_not_the_defaults(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SETTINGS_MISSING"):
        load_settings(tmp_path / "absent.toml")
