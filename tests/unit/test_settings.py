"""Settings: where they come from, what they refuse, and that secrets stay out of sight."""

import dataclasses
from pathlib import Path

import pytest

from service.settings import ROOT, Settings, SettingsError


def test_defaults_are_usable_as_they_are() -> None:
    settings = Settings.load({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.data_dir == ROOT / ".data"
    assert settings == Settings()


def test_flags_win_over_the_environment_and_that_over_defaults() -> None:
    environ = {"PORT": "9000", "HOST": "0.0.0.0"}
    settings = Settings.load(environ, port="9001", host=None)
    assert (settings.port, settings.host) == (9001, "0.0.0.0")


def test_a_flag_that_is_off_is_not_a_missing_flag() -> None:
    assert Settings.load({"DEMO": "on"}, demo=False).demo is False


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on", True),
        ("true", True),
        ("1", True),
        ("YES", True),
        ("off", False),
        ("False", False),
        ("0", False),
        ("no", False),
    ],
)
def test_switches_read_the_usual_words(written: str, meant: bool) -> None:
    assert Settings.load({"PREPARE": written, "RATE_LIMIT": written}).prepare is meant


def test_an_empty_variable_is_no_setting() -> None:
    assert Settings.load({"PORT": "", "DATA_DIR": " "}) == Settings()


def test_a_former_name_is_understood_unless_the_new_one_is_there_and_told() -> None:
    settings = Settings.load({"BCRYPT_THREADS": "3"})
    assert settings.bcrypt_processes == 3
    assert [one.said for one in settings.outdated] == [
        "BCRYPT_THREADS is called BCRYPT_PROCESSES now"
    ]
    both = Settings.load({"BCRYPT_THREADS": "3", "BCRYPT_PROCESSES": "4"})
    assert (both.bcrypt_processes, len(both.outdated)) == (4, 1)
    assert Settings.load({"BCRYPT_PROCESSES": "4"}).outdated == ()


def test_a_relative_data_dir_is_made_absolute() -> None:
    assert Settings.load({}, data_dir="here").data_dir == Path.cwd() / "here"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "http", "a whole number"),
        ("PORT", "65536", "from 0 to 65535"),
        ("PORT", "-1", "from 0"),
        ("DEMO", "maybe", "on or off"),
        ("BCRYPT_ROUNDS", "3", "from 4 to 16"),
        ("BCRYPT_ROUNDS", "17", "from 4 to 16"),
        ("REDIS_TIMEOUT", "nan", "finite"),
        ("DRAIN_SECONDS", "inf", "finite"),
        ("LOCK_TTL", "1e300", "at most 1000000"),
        ("TOKEN_TTL", "9" * 25, "at most 2147483647"),
        ("USER_LIMIT", "9" * 5000, "a whole number, not '999"),
        ("NOTICE_MINUTES", "99999999", "from 0 to 5256000"),
        ("DATA_DIR", "~nobody-such/data", "the home of nobody"),
        ("HOST", "a\nb", "can't be printed"),
        ("DRAIN_SECONDS", "-1", "at least 0"),
        ("LANE_BATCH", "1.5", "a whole number"),
        ("REDIS_URL", "http://x", "redis://"),
        ("CORS_ORIGINS", "https://app.example.org/", "without a path"),
        ("CORS_ORIGINS", "https://a.example.org,https://b.example.org", "separated by spaces"),
        ("CORS_ORIGINS", "null", "origins"),
    ],
)
def test_a_bad_value_is_refused_by_name(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.load({name: value})
    assert name in str(refused.value)
    assert said in str(refused.value)
    assert str(refused.value).endswith(".")
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize(
    "environ",
    [
        {"LOCK_TIMEOUT": "2"},
        {"STATEMENT_TIMEOUT": "3"},
        {"REQUEST_DEADLINE": "2"},
        {"LOCK_TTL": "3"},
        {"REQUEST_DEADLINE": "6"},
    ],
)
def test_deadlines_must_nest(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        Settings.load(environ)


def test_secrets_are_neither_in_repr_nor_in_errors() -> None:
    url = "postgresql://booking:s3cret@db/booking"
    assert "s3cret" not in repr(
        Settings.load({"DATABASE_URL": url, "REDIS_URL": "redis://:s3cret@r"})
    )
    with pytest.raises(SettingsError) as refused:
        Settings.load({"DATABASE_URL": "mysql://u:s3cret@db"})
    assert "s3cret" not in str(refused.value)


def test_settings_never_change_and_replacing_one_checks_again() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]
    with pytest.raises(SettingsError):
        dataclasses.replace(Settings(), port=-1)


def test_an_unknown_flag_is_a_bug_of_ours() -> None:
    with pytest.raises(TypeError):
        Settings.load({}, prot="1")


def test_every_setting_is_listed_with_variable_default_and_meaning() -> None:
    entries = {entry.name: entry for entry in Settings.entries()}
    every = [one.name for one in dataclasses.fields(Settings)]
    assert list(entries) == [name for name in every if name != "outdated"]
    assert entries["port"] == ("port", "PORT", "8000", entries["port"].help)
    assert entries["demo"].default == "on"
    assert str(ROOT) not in entries["data_dir"].default
    assert all(entry.help for entry in entries.values())
