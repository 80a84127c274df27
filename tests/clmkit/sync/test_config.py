import json
from pathlib import Path

import pytest

from clmkit.clients.errors import LoginFailed
from clmkit.clients.salesforce_login import ClientCredentials, JwtBearer
from clmkit.secrets.reference import SPELLINGS
from clmkit.sync.config import ConfigError, load_config, load_state_target

WHOLE = """
spec: ../mappings/contract.yml
state: state/sync.sqlite
clm: {url: https://clm.example.com/, client_id: clmkit, client_secret: {env: CLM_SECRET}}
salesforce:
  url: {file: org.json, member: url}
  client_id: app
  client_secret: {file: secret.txt}
"""
ENVIRONMENT = {"CLM_SECRET": "s1"}


def write(folder: Path, text: str = WHOLE) -> Path:
    (folder / "org.json").write_text(json.dumps({"url": "https://org.example.com", "port": 1}))
    (folder / "secret.txt").write_text("s2\n")
    path = folder / "sync.yml"
    path.write_text(text)
    return path


def test_references_are_resolved_beside_the_file(tmp_path: Path) -> None:
    config = load_config(write(tmp_path), ENVIRONMENT)
    assert (config.clm_url, config.salesforce_url) == ("https://clm.example.com", "https://org.example.com")
    assert (config.clm_credentials.client_secret, config.salesforce_login) == ("s1", ClientCredentials("app", "s2"))
    assert (config.spec, config.state) == (tmp_path / "../mappings/contract.yml", tmp_path / "state/sync.sqlite")


def test_a_configuration_can_be_shown_without_its_secrets(tmp_path: Path) -> None:
    shown = repr(load_config(write(tmp_path), ENVIRONMENT))
    assert "s1" not in shown
    assert "s2" not in shown


def test_a_user_and_a_key_mean_the_jwt_bearer_flow(tmp_path: Path) -> None:
    text = WHOLE.replace(
        "client_secret: {file: secret.txt}", "username: bot@example.com\n  private_key: {file: secret.txt}"
    )
    assert load_config(write(tmp_path, text), ENVIRONMENT).salesforce_login == JwtBearer("app", "bot@example.com", "s2")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "client_secret: {env: CLM_SECRET}",
            "client_secret: hunter2",
            f"clm.client_secret is written into the file. Refer to it: {SPELLINGS}.",
        ),
        ("CLM_SECRET", "NOT_SET", "clm.client_secret refers to the environment variable NOT_SET, which is not set."),
        ("secret.txt", "none.txt", "salesforce.client_secret refers to DIR/none.txt: No such file or directory."),
        ("member: url", "member: uri", "salesforce.url refers to member 'uri' of DIR/org.json, which is not there."),
        ("member: url", "member: port", "salesforce.url refers to DIR/org.json, which holds no text there."),
        (
            "{file: secret.txt}",
            "{}",
            f"a reference names one place: {SPELLINGS} - at `$.salesforce.client_secret`."
            " `clmkit sync run --help` shows a complete file.",
        ),
        (
            "https://clm.example.com/",
            "http://clm.example.com",
            "clm.url: http://clm.example.com is plain http; only addresses of this machine may be used without TLS.",
        ),
        (
            "  client_secret: {file: secret.txt}",
            "",
            "salesforce needs either client_secret, or username and private_key.",
        ),
        (
            "state: state/sync.sqlite",
            "",
            "Object missing required field `state`. `clmkit sync run --help` shows a complete file.",
        ),
        ("state:", "stat:", "Object contains unknown field `stat`. `clmkit sync run --help` shows a complete file."),
        (WHOLE, "page: 0" + WHOLE, "page is 0; it goes from 1 to 1000."),
        (WHOLE, "", "Expected `object`, got `null`. `clmkit sync run --help` shows a complete file."),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_what_to_write(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = write(tmp_path, WHOLE.replace(old, new))
    with pytest.raises(ConfigError) as failure:
        load_config(path, ENVIRONMENT)
    assert str(failure.value) == f"{path}: {message}".replace("DIR", str(tmp_path))


def test_a_file_that_is_not_yaml_is_told_where(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sync.yml: not YAML: while scanning for the next token found character"):
        load_config(write(tmp_path, "spec:\n\t- x"), ENVIRONMENT)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as failure:
        load_config(tmp_path / "none.yml", ENVIRONMENT)
    assert str(failure.value) == f"{tmp_path}/none.yml: No such file or directory. Name an existing file with --config."


def test_a_described_clm_is_named_and_one_with_a_public_key_needs_no_secret(tmp_path: Path) -> None:
    text = WHOLE.replace("client_id: clmkit,", "client_id: clmkit, connector: ironclad, as_user: eve@us.example,")
    config = load_config(write(tmp_path, text + "webhook: {listen: '127.0.0.1:0'}\n"), ENVIRONMENT)
    assert (config.connector.name, config.webhook and config.webhook.secrets) == ("ironclad", ())
    with pytest.raises(ConfigError, match=r"clm\.connector: .*none\.yml: No such file or directory"):
        load_config(write(tmp_path, text.replace("ironclad", "none.yml")), ENVIRONMENT)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("connector: ironclad,", "clm.as_user is missing: ironclad asks every request whom it acts as (x-as-user-email), and does"
         " what that user may do."),
        ("as_user: eve@us.example,", "clm.as_user: the connector clm has no `login.as_user` to send it in."),
    ],
)  # fmt: skip
def test_whom_requests_act_as_is_told_exactly_where_the_clm_asks(tmp_path: Path, told: str, words: str) -> None:
    with pytest.raises(ConfigError) as failure:
        load_config(write(tmp_path, WHOLE.replace("client_id: clmkit,", f"client_id: clmkit, {told}")), ENVIRONMENT)
    assert str(failure.value) == f"{tmp_path}/sync.yml: {words}"


def test_a_secret_that_was_replaced_is_read_for_the_next_login(tmp_path: Path) -> None:
    config = load_config(write(tmp_path), ENVIRONMENT)
    (tmp_path / "secret.txt").write_text("s3\n")
    assert config.read_salesforce_login() == ClientCredentials("app", "s3")
    (tmp_path / "secret.txt").unlink()
    with pytest.raises(LoginFailed, match=r"salesforce\.client_secret refers to .*secret\.txt: No such file"):
        config.read_salesforce_login()


def test_the_state_is_found_without_the_systems(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "org.json").unlink()
    assert load_state_target(path, {}) == tmp_path / "state/sync.sqlite"
