"""Files of settings: systemd's grammar, and sentences that repeat nothing of what is in them."""

from pathlib import Path

import pytest

from service.cli import env_file
from service.settings import SettingsError
from tests.contract.source import ROOT

# From systemd.exec(5) and the tests of its parser.
UNDERSTOOD = [
    ("A=b", {"A": "b"}),
    ("A=b\nA=c\n", {"A": "c"}),
    ("\n  # A=1\n;B=2\n\tC = 3 \t\n", {"C": "3"}),
    ("A=", {"A": ""}),
    ("A='$HOME `id` \\n'", {"A": "$HOME `id` \\n"}),
    ('A="$HOME \\" \\\\ \\$ \\n"', {"A": '$HOME " \\ $ \\n'}),
    ("A=$HOME", {"A": "$HOME"}),
    ("A=redis://:p#w;d@h/0 # no comment", {"A": "redis://:p#w;d@h/0 # no comment"}),
    ("A=it's", {"A": "it's"}),
    ("A=one two  three  ", {"A": "one two  three"}),
    ("A=one\\ \\ \nB=x", {"A": "one  ", "B": "x"}),
    ("A=one\\\ntwo", {"A": "onetwo"}),
    ('A="one\ntwo"\nB=1', {"A": "one\ntwo", "B": "1"}),
    ("A='one\ntwo'", {"A": "one\ntwo"}),
    ("A=\"one\"' two' three", {"A": "one twothree"}),
    ('A="one\\\ntwo"', {"A": "onetwo"}),
    ("A=b\r\nB=c\r\n", {"A": "b", "B": "c"}),
    ("\ufeffA=b", {"A": "b"}),
    ("A=b\\", {"A": "b"}),
    ("A=ü", {"A": "ü"}),
]


@pytest.mark.parametrize(("text", "meant"), UNDERSTOOD)
def test_a_file_is_read_as_systemd_reads_it(
    tmp_path: Path, text: str, meant: dict[str, str]
) -> None:
    file = tmp_path / "booking.env"
    file.write_bytes(text.encode())
    assert env_file.load(file) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"A=1\nsecret\n", "Line 2"),
        (b"export A=secret", "Line 1"),
        (b"A B=secret", "Line 1"),
        (b"A=1\n\nB='secret\nC=2", "Line 3"),
        (b'B="secret', "Line 1"),
        (b"A=secret\xff", "UTF-8"),
        (b"A=secret\0", "no text"),
    ],
)
def test_a_malformed_file_is_one_sentence_without_what_is_in_it(
    tmp_path: Path, text: bytes, said: str
) -> None:
    file = tmp_path / "booking.env"
    file.write_bytes(text)
    with pytest.raises(SettingsError) as refused:
        env_file.load(file)
    sentence = str(refused.value)
    assert said in sentence
    assert str(file) in sentence
    assert sentence.endswith(".")
    assert "secret" not in sentence


@pytest.mark.parametrize("file", ["/nonexistent/booking.env", "/", "~nobody-such/x"])
def test_an_unreadable_file_is_one_sentence(file: str) -> None:
    with pytest.raises(SettingsError, match="can't be read"):
        env_file.load(Path(file))


def test_the_environment_wins_over_the_file_unless_it_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "booking.env"
    file.write_text("PORT=1\nHOST=file\nPOOL_SIZE=3\n")
    environ = {"PORT": "2", "HOST": " "}
    env_file.export(file, environ)
    assert environ == {"PORT": "2", "HOST": "file", "POOL_SIZE": "3"}


def test_the_unit_and_its_example_are_what_it_names_and_reads() -> None:
    unit = (ROOT / "deploy" / "booking.service").read_text()
    assert f"\nEnvironmentFile={env_file.UNIT}\n" in unit
    assert "DATABASE_URL" in env_file.load(ROOT / "deploy" / "booking.env.example")
