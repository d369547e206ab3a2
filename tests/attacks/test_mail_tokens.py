"""Our names for our mails, what a stranger makes us say, and whom an answer goes to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from centre_world import SECRET, World, mail

from portevoix.channels.mail import identity

DOMAIN = "centre.example"


def flips(token: str) -> list[str]:
    """The token with each of its signs changed; also by look-alikes that case folding would bring back."""
    made = []
    for at, sign in enumerate(token):
        for other in ("a", "b", "7", "\u017f", "\u212a", "\u0663", "é", "\x00", ""):
            if other.lower() != sign.lower():
                made.append(token[:at] + other + token[at + 1 :])  # noqa: PERF401 - reads better
    return made


def test_an_altered_name_is_none_of_ours() -> None:
    good = identity.message_id(SECRET, 41, 7, DOMAIN)
    assert identity.read_message_id(SECRET, f"<{good}>") == identity.Ours(41, 7)
    local = good.partition("@")[0]
    for altered in flips(local):
        assert identity.read_message_id(SECRET, f"<{altered}@{DOMAIN}>") is None, altered
    reply = identity.reply_address(SECRET, 41, "cpf@centre.example")
    assert identity.read_reply_address(SECRET, reply) == ("cpf@centre.example", identity.Ours(41, None))
    for altered in flips(reply.partition("@")[0].partition("+")[2]):
        assert identity.read_reply_address(SECRET, f"cpf+{altered}@centre.example") is None, altered


def test_a_name_is_bound_to_its_conversation_its_use_and_its_centre() -> None:
    here = identity.message_id(SECRET, 41, 7, DOMAIN).split(".")
    for conversation, message in (("42", "7"), ("41", "8"), ("4", "17"), ("417", ""), ("041", "7")):
        assert identity.read_message_id(SECRET, f"pv.{conversation}.{message}.{here[3]}.{here[4]}") is None
    signed = here[3].partition("@")[0]
    assert identity.read_reply_address(SECRET, f"cpf+pv41.{signed}@centre.example") is None
    assert (
        identity.read_message_id(b"another centre " + SECRET, identity.message_id(SECRET, 41, 7, DOMAIN))
        is None
    )
    assert identity.read_reply_address(b"x", identity.reply_address(SECRET, 41, "a@b.fr")) is None


def test_a_hostile_reference_holds_up_no_mail(world: World) -> None:
    raw = mail(subject="Références hostiles").replace(
        b"Subject:",
        "References: <pv.1.1.ſſſſſſſſſſſſſſſſſſſſſſſſſſ@centre.example> <pv.١.١.aaaaaaaaaaaaaaaaaaaaaaaaaa@x>\nSubject:".encode(), 1,
    )  # fmt: skip
    assert world.receive(raw).contact_id


@pytest.mark.parametrize(
    ("sender", "echoed"),
    [
        ("Camille Leroy <camille@client.example>", True),
        ("Gagnez 1000 € sur https://evil.example/x <victim@client.example>", False),
        ("Votre compte www.evil.example <victim2@client.example>", False),
        ("Urgent evil.example/login <victim3@client.example>", False),
        ('"Appelez le 0899 123 456 maintenant" <victim4@client.example>', False),
    ],
)
def test_an_acknowledgement_does_not_carry_a_strangers_words(world: World, sender: str, echoed: bool) -> None:
    """Whoever forges a sender would otherwise let us write to their victim what they like."""
    from portevoix.actions import acknowledge

    world.conn.execute(
        "update line set ack_active = true, ack_text = 'Bonjour {{ prenom }} {{ nom }}, merci de votre message.'"
    )
    at = datetime.now(UTC)
    world.receive(mail(sender=sender, subject="PROMO https://evil.example"), at=at)
    made = acknowledge.follow(world.conn, secret=SECRET, domain=DOMAIN, at=at)[-1]
    raw = world.conn.execute("select content from outgoing where message_id = %s", [made]).fetchone()
    assert raw
    import email
    import email.policy

    said: Any = email.message_from_bytes(bytes(raw["content"]), policy=email.policy.default)
    whole = "".join(
        [
            str(said["To"]),
            str(said["Subject"]),
            *(part.get_content() for part in said.walk() if not part.is_multipart()),
        ]
    )
    assert ("Leroy" in whole) is echoed
    for word in ("evil.example", "Gagnez", "0899", "PROMO"):
        assert word not in whole


def test_an_answer_goes_to_the_sender_not_to_a_reply_to_unseen(sign: Any, world: World) -> None:
    raw = mail(subject="Répondez ailleurs", Reply_To="pirate@evil.example")
    taken = world.held_by("alice", raw)
    page = sign("alice").get(f"/bureau/c/{taken.conversation_id}/").content.decode()
    field = page[page.index('name="to"') - 300 : page.index('name="to"') + 300]
    assert "camille@client.example" in field
    assert "pirate@evil.example" not in field
