"""Which objects go where: the kinds of each destination, from the settings to the ledger."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from config.destinations import DicomDestination, NotAnalysed, Wish
from config.errors import SettingsError
from config.settings import Settings, load_settings
from dicom_node.cli import main
from dicom_node.kinds import check_kinds, chosen_kinds, kinds_to_make, wanted_classes
from reporting.kinds import default_kinds, every_kind
from reporting.sij_mri import SacroiliacPresentation
from storage import deliveries, held, kinds, resending, results, studies
from storage.attempts import Attempt
from storage.codes import EventCode
from storage.session import Database
from storage.states import DeliveryState, ResultStatus, RunState, StudyState
from storage.tables import Delivery, Event, Result, ResultObject, Run, Study
from tests.factories.panel import fill, make_place
from tests.factories.panel_pages import log_in, make_client
from tests.factories.storage import at, begin, claim, fresh, result_of

PRESENTATION = SacroiliacPresentation()
EVERYWHERE = {"archive": "default", "station": "all", "mail": ("pdf", "sr-text")}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = fresh(tmp_path)
    yield made
    made.dispose()


def result_with(claimed, *names: str, status: ResultStatus = ResultStatus.COMPLETE, analysis_hash: str = ""):
    """A result with one object of each kind, of which the pdf and the map are not of the default set."""
    new = result_of(claimed, status=status, objects=len(names), analysis_hash=analysis_hash)
    made = [
        replace(one, kind=name, of_default=name not in ("pdf", "pm"))
        for one, name in zip(new.objects, names, strict=True)
    ]
    return replace(new, objects=made)


def ledger(database: Database) -> dict[str, list[str]]:
    """Kinds that are not cancelled, by destination."""
    with database.read() as session:
        rows = session.execute(
            select(Delivery.destination, ResultObject.kind)
            .join(ResultObject, Delivery.object_id == ResultObject.id)
            .where(Delivery.state != DeliveryState.CANCELLED)
            .order_by(ResultObject.id)
        ).all()
    found: dict[str, list[str]] = {}
    for name, kind in rows:
        found.setdefault(name, []).append(kind)
    return found


def only(database: Database, table):
    with database.read() as session:
        return session.scalars(select(table).order_by(table.id.desc())).first()


def test_the_settings_say_what_each_destination_wants(tmp_path: Path) -> None:
    file = tmp_path / "axspa.toml"
    one = '[[destinations]]\nname = "{0}"\nae_title = "A"\nhost = "h"\nport = 104\n{1}\n'
    lines = [("archive", ""), ("station", 'kinds = "all"'), ("mail", 'kinds = ["default", "pdf"]')]
    file.write_text("".join(one.format(*line) for line in lines))
    assert load_settings(file).wanted_kinds == {"archive": "default", "station": "all", "mail": ("default", "pdf")}


@pytest.mark.parametrize("kinds", ['"some"', "[]", '["pdf", "pdf"]', '["PDF"]', "3"])
def test_what_can_be_no_kinds_is_refused(tmp_path: Path, kinds: str) -> None:
    file = tmp_path / "axspa.toml"
    file.write_text(f'[[destinations]]\nname = "a"\nae_title = "A"\nhost = "h"\nport = 104\nkinds = {kinds}\n')
    with pytest.raises(SettingsError, match=r"destinations\.0\.kinds"):
        load_settings(file)


@pytest.mark.parametrize("kinds", ['"some"', "[]"])
def test_what_kinds_may_be_is_said_once(tmp_path: Path, kinds: str) -> None:
    file = tmp_path / "axspa.toml"
    file.write_text(f'[[destinations]]\nname = "a"\nae_title = "A"\nhost = "h"\nport = 104\nkinds = {kinds}\n')
    with pytest.raises(SettingsError, match='kinds are "default", "all", or a list such as') as refused:
        load_settings(file)
    assert str(refused.value).count("received") == 1


def settings(kinds: object) -> Settings:
    return Settings(destinations=(DicomDestination(name="mail", ae_title="A", host="h", port=104, kinds=kinds),))


def test_an_unknown_kind_is_refused_with_the_kinds_that_there_are() -> None:
    with pytest.raises(SettingsError) as caught:
        check_kinds(settings(("pdf", "report")), ["sij_mri"])
    assert caught.value.code == "KIND_UNKNOWN"
    assert "destination mail" in caught.value.sentence and "Received 'report'." in caught.value.sentence
    assert all(name in caught.value.sentence for name in every_kind(PRESENTATION))
    for known in ("default", "all", ("pdf", "default"), tuple(every_kind(PRESENTATION))):
        check_kinds(settings(known), ["sij_mri"])
    check_kinds(settings(("of-another",)), ["sij_mri", "not_installed"])  # nobody knows what that one gives


def test_all_that_somebody_wants_is_made_once() -> None:
    default = default_kinds(PRESENTATION)
    assert kinds_to_make(PRESENTATION, ()) == default == kinds_to_make(PRESENTATION, ["default"])
    assert kinds_to_make(PRESENTATION, ["default", ("pdf",), ("pdf", "ko")]) == default | {"pdf", "ko"}
    assert kinds_to_make(PRESENTATION, ["all"]) == set(every_kind(PRESENTATION))
    assert kinds_to_make(PRESENTATION, [("seg-of-another-application",)]) == default


def test_the_command_line_names_kinds() -> None:
    default = default_kinds(PRESENTATION)
    assert chosen_kinds("default", PRESENTATION) == default
    assert chosen_kinds("all", PRESENTATION) == set(every_kind(PRESENTATION))
    assert chosen_kinds("pdf, ko", PRESENTATION) == {"pdf", "ko"}
    assert chosen_kinds("default,pdf", PRESENTATION) == default | {"pdf"}
    for wrong in ("", "pdf,report"):
        with pytest.raises(SettingsError, match="Correct --kinds: there are default, all, "):
            chosen_kinds(wrong, PRESENTATION)


def test_process_refuses_an_unknown_kind_before_it_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["process", str(tmp_path), "--out", str(tmp_path / "out"), "--kinds", "report"]) == 2
    assert "[KIND_UNKNOWN]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_destination_needs_only_the_classes_of_what_it_gets() -> None:
    pdf, capture = "1.2.840.10008.5.1.4.1.1.104.1", "1.2.840.10008.5.1.4.1.1.7"
    (mail,) = settings(("pdf",)).destinations
    assert wanted_classes(mail, ["sij_mri"]) == {pdf}
    assert pdf not in wanted_classes(mail.model_copy(update={"kinds": "default"}), ["sij_mri"])
    assert {pdf, capture} < wanted_classes(mail.model_copy(update={"kinds": "all"}), ["sij_mri"])


def test_each_destination_gets_what_it_wants(database: Database) -> None:
    claimed = claim(database, 1)
    new = result_with(claimed, "sc-summary", "sr-text", "pdf", "pm")
    results.save(database, claimed, new, destinations=EVERYWHERE, now=at(65))
    assert ledger(database) == {
        "archive": ["sc-summary", "sr-text"],
        "station": ["sc-summary", "sr-text", "pdf", "pm"],
        "mail": ["sr-text", "pdf"],
    }


def test_where_nobody_wants_anything_the_study_is_done(database: Database) -> None:
    claimed = claim(database, 1)
    new = result_with(claimed, "sr-text", status=ResultStatus.NOT_APPLICABLE)
    results.save(database, claimed, new, destinations={"mail": ("pdf",)}, now=at(65))
    assert ledger(database) == {} and only(database, Study).state is StudyState.NOT_APPLICABLE


def test_what_is_released_goes_where_it_is_wanted_then(database: Database) -> None:
    claimed = claim(database, 1)
    new = result_with(claimed, "sr-text", "pdf", status=ResultStatus.HELD)
    new = replace(new, findings=[{"code": "IDENTITY_MIXED", "sentence": "Two.", "object": ""}])
    results.save(database, claimed, new, destinations=EVERYWHERE, now=at(65))
    assert ledger(database) == {}
    sent = held.release(
        database, claimed.study_id, reason="One.", actor="ada", destinations={"archive": "default"}, at=at(70)
    )
    assert sent == 1 and ledger(database) == {"archive": ["sr-text"]}


def test_a_person_sends_again_what_is_wanted_now(database: Database) -> None:
    claimed = claim(database, 1)
    results.save(
        database, claimed, result_with(claimed, "sr-text", "pdf"), destinations={"archive": "default"}, now=at(65)
    )
    number = only(database, Result).id
    more = {"archive": ("pdf",)}
    assert resending.resend(database, number, destinations=more, actor="ada", now=at(80)) == 1
    assert ledger(database) == {"archive": ["sr-text", "pdf"]}, "what is not wanted is not sent again, what came stays"
    pdf = only(database, ResultObject)
    fewer = {"archive": "default"}
    assert resending.resend(database, number, destinations=fewer, actor="ada", object_id=pdf.id, now=at(81)) == 0


def test_what_is_no_longer_wanted_is_no_longer_sent_and_no_longer_missed(database: Database) -> None:
    claimed = claim(database, 1)
    new = result_with(claimed, "sr-text", "pdf", "pm")
    results.save(database, claimed, new, destinations={"archive": "all", "gone": "all"}, now=at(65))
    due = {one.sop_instance_uid[-1]: one for one in deliveries.due(database, "archive", now=at(66))}
    arrived = Attempt(due["0"].delivery_id, DeliveryState.DELIVERED, 0, "STORED", "")
    refused = Attempt(due["1"].delivery_id, DeliveryState.REFUSED, 0x0122, "SOP_CLASS_REFUSED", "")
    deliveries.record(database, [arrived, refused], now=at(67))
    assert kinds.cancel_unwanted(database, {"archive": "all"}, now=at(70)) == 0
    assert kinds.cancel_unwanted(database, {"archive": "default"}, now=at(70)) == 2
    assert ledger(database) == {"archive": ["sr-text"], "gone": ["sr-text", "pdf", "pm"]}
    kinds.cancel_unwanted(database, {"gone": ("ko",)}, now=at(71))
    assert only(database, Study).state is StudyState.DONE
    assert only(database, Event).code == EventCode.DELIVERY_CANCELLED


@pytest.mark.parametrize(
    ("wish", "plausible", "sent"),
    [
        ("never", True, False),
        ("plausible", True, True),
        ("plausible", False, False),
        ("always", False, True),
    ],
)
def test_a_study_that_was_not_analysed_is_told_of_where_that_is_wanted(
    database: Database, wish: NotAnalysed, plausible: bool, sent: bool
) -> None:
    claimed = claim(database, 1)
    new = replace(result_with(claimed, "sr-text", status=ResultStatus.NOT_APPLICABLE), plausible=plausible)
    number = results.save(database, claimed, new, destinations={"archive": Wish("default", wish)}, now=at(65))
    assert ledger(database) == ({"archive": ["sr-text"]} if sent else {})
    assert number is not None
    again = resending.resend(database, number, destinations={"archive": Wish("default", wish)}, actor="ada")
    assert again == int(sent), "and not by hand either"
    read = claim(database, 1, study="1.2.9", seconds=100)
    results.save(database, read, result_with(read, "pdf"), destinations={"archive": Wish("all", wish)}, now=at(165))
    assert "pdf" in ledger(database)["archive"], "what was analysed is sent in any case"


def test_a_person_who_asks_gets_the_kinds_that_the_last_result_lacks(database: Database) -> None:
    first = claim(database, 1)
    results.save(database, first, result_with(first, "sr-text", analysis_hash="h"), destinations=EVERYWHERE, now=at(65))
    few, more = ("sr-text",), ("sr-text", "pdf")
    for seconds, names, asked, saved in (
        (100, few, True, False), (200, more, False, False), (300, more, True, True), (400, few, True, False)
    ):  # fmt: skip
        studies.reprocess(database, first.study_id, actor="ada", at=at(seconds))
        again = replace(begin(database, seconds=seconds + 1), asked=asked)
        new = result_with(again, *names, analysis_hash="h")
        number = results.save(database, again, new, destinations=EVERYWHERE, now=at(seconds + 5))
        assert (number is not None) is saved, (names, asked)
        assert (only(database, Run).state is RunState.UNCHANGED) is not saved


def test_the_panel_says_which_destination_does_not_ask_for_an_object(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    study_id = fill(place, slices=0)["done"]
    nobody = place.settings.destinations[1].model_copy(update={"kinds": ("pdf",), "name": "mail"})
    changed = place.settings.model_copy(update={"destinations": (place.settings.destinations[0], nobody)})
    client = make_client(replace(place, settings=changed))
    log_in(client)
    page = client.get(f"/studies/{study_id}/objects").text
    assert page.count("not asked for by mail") == 4, "each object says so"
    assert "not asked for by PACS" not in page
    assert page.count('aria-label="Resend') == 4, "only where it is wanted"
