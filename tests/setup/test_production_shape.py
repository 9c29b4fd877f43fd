"""docker-compose.yml and Dockerfile: valid, complete, healthy, and without a password in them."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_it_is_a_valid_compose_file(compose: dict[str, Any]) -> None:
    """Against the compose-spec schema as check-jsonschema ships it (Apache-2.0)."""
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    errors = [
        f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(schema).iter_errors(compose)
    ]
    assert errors == []


def test_the_schema_would_notice(compose: dict[str, Any]) -> None:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    broken = {**compose, "services": {"worker": {"imagee": "x"}}}
    assert not jsonschema.Draft202012Validator(schema).is_valid(broken)


def test_everything_a_production_needs_is_there(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {"postgres", "temporal", "temporal-ui", "worker", "starter"} <= set(services)
    assert services["worker"]["deploy"]["replicas"] == 2


def test_what_stays_up_says_how_it_is_and_waits_for_what_it_needs(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        ends_by_itself = service["restart"].startswith("on-failure")
        assert ends_by_itself or "healthcheck" in service, name
        for needed, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if "healthcheck" not in services[needed] else "service_healthy"
            assert how["condition"] == expected, (name, needed)


def test_no_password_is_written_in_it(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|PWD|TOKEN|SECRET|DATABASE_URL|KEY", key):
                assert key.endswith("_FILE"), f"{name}: {key}"
                assert str(value).startswith("/run/secrets/"), f"{name}: {key}"
                assert str(value).removeprefix("/run/secrets/") in service["secrets"], f"{name}: {key}"
    for secret in compose["secrets"].values():
        assert secret["file"].startswith("./secrets/")
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_every_image_has_a_version(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert re.search(r":(\d[\w.-]*|\$\{\w+:-local\})$", service["image"]), name


def test_the_world_reaches_only_this_host(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
    assert compose["networks"]["inside"]["internal"] is True


def test_every_setting_in_it_exists(compose: dict[str, Any]) -> None:
    from mayday.settings import Settings

    known = {f"MAYDAY_{name.upper()}" for name in Settings.model_fields}
    for service in compose["services"].values():
        for key in service.get("environment", {}):
            if key.startswith("MAYDAY_") and not key.startswith("MAYDAY_WEBHOOK_"):
                assert key.removesuffix("_FILE") in known


def test_stopping_waits_longer_than_draining_takes(compose: dict[str, Any]) -> None:
    from mayday.settings import Settings

    drain = Settings.model_fields["graceful_shutdown_seconds"].default
    assert int(compose["services"]["worker"]["stop_grace_period"].removesuffix("s")) > drain


def test_the_command_line_in_the_starters_container_finds_its_starter(compose: dict[str, Any]) -> None:
    environment = compose["services"]["starter"]["environment"]
    assert environment["MAYDAY_URL"] == f"http://127.0.0.1:{environment['MAYDAY_PORT']}"


def test_the_image_is_hash_locked_and_not_run_by_root() -> None:
    text = (ROOT / "Dockerfile").read_text()
    for line in text.splitlines():
        if "pip install" in line:
            assert "--require-hashes" in line or "--no-deps --no-index" in line
    last_stage = text[text.rindex("FROM ") :]
    assert re.search(r"^USER (?!0|root)", last_stage, re.MULTILINE)
    allowed = (ROOT / ".dockerignore").read_text()
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for name in source.split():
            assert f"!{name}\n" in allowed, f"{name} is copied but not in the build context"
