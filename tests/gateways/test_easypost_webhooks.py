"""EasyPost's webhooks: what the sandbox sends, and that the carrier believes nothing else."""

import json
from pathlib import Path

from returns.carriers.base import ParcelNews, SignatureRefused
from returns.carriers.easypost import EasyPostCarrier, read_tracker
from tests.gateways.conftest import Inbox
from tests.gateways.test_easypost_labels import bought
from tests.sandbox import EASYPOST_SECRET, Sandbox

RECORDINGS = Path(__file__).parent / "recordings" / "easypost"
VECTOR = json.loads((RECORDINGS / "webhook_signature_vector.json").read_text())
BODY = (RECORDINGS / VECTOR["body_file"]).read_bytes()
CARRIER = EasyPostCarrier("EZTK_unused")


def refuses(body: bytes, headers: dict[str, str], secret: str) -> bool:
    try:
        CARRIER.verify_webhook(body, headers, secret)
    except SignatureRefused:
        return True
    return False


def test_a_signed_event_is_believed_whatever_the_case_of_its_header() -> None:
    for name in (VECTOR["header"], VECTOR["header"].lower(), VECTOR["header"].upper()):
        event = CARRIER.verify_webhook(BODY, {name: VECTOR["value"]}, VECTOR["secret"])
        assert event == json.loads(BODY)


def test_an_event_in_our_words() -> None:
    tracking = read_tracker(json.loads(BODY)["result"])

    assert (tracking.tracking_number, tracking.news, tracking.detail, tracking.occurred_at) == (
        "1",
        ParcelNews.IN_TRANSIT,
        "Arrived at FedEx location",
        "2024-08-02T18:50:00Z",
    )


def test_no_mutation_of_a_signed_event_is_believed() -> None:
    name, value, secret = VECTOR["header"], VECTOR["value"], VECTOR["secret"]
    mutations = [(BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :], {name: value}, secret) for at in range(len(BODY))]
    mutations += [(BODY[:at], {name: value}, secret) for at in range(0, len(BODY), 31)]
    mutations += [
        (BODY, {name: value[:at] + "7f"[value[at] == "7"] + value[at + 1 :]}, secret) for at in range(len(value))
    ]
    mutations += [(BODY, {name: value[:at]}, secret) for at in range(len(value))]
    mutations += [(BODY, {name: value}, secret[:at] + "_" + secret[at:]) for at in range(len(secret) + 1)]
    mutations += [
        (json.dumps(json.loads(BODY)).encode(), {name: value}, secret),
        (BODY + b"\n", {name: value}, secret),
        (BODY, {}, secret),
        (BODY, {name: ""}, secret),
        (BODY, {name: value.upper()}, secret),
        (BODY, {name: value.partition("=")[2]}, secret),
        (BODY, {name: value + "é"}, secret),
        (BODY, {name: value, name.lower(): value}, secret),
        (BODY, {name: value}, ""),
        (BODY, {name: value}, "secret"),
    ]

    assert len(mutations) > 3500
    assert [mutation for mutation in mutations if not refuses(*mutation)] == []


def test_a_scan_is_reported_and_signed(sandbox: Sandbox, easypost: EasyPostCarrier, inbox: Inbox) -> None:
    label = bought(easypost)
    sandbox.scan(label.tracking_number, "in_transit", city="Redondo Beach", state="CA")
    sandbox.scan(label.tracking_number, "delivered")

    first, second = inbox.take(2)

    events = [easypost.verify_webhook(letter.body, letter.headers, EASYPOST_SECRET) for letter in (first, second)]
    assert [(event["description"], event["previous_attributes"]) for event in events] == [
        ("tracker.updated", {"status": "unknown"}),
        ("tracker.updated", {"status": "in_transit"}),
    ]
    assert [read_tracker(event["result"]).news for event in events] == [ParcelNews.IN_TRANSIT, ParcelNews.DELIVERED]
    assert events[1]["result"]["tracking_code"] == label.tracking_number
    assert {first.path, second.path} == {"/easypost/"}
