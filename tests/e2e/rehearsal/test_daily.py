"""A stack of two hosts day by day: looked at, listened to, entered."""

import re
import socket
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from docker.models.containers import Container

from ec2.tunnel import TUNNELS
from tests.conftest import ROOT
from tests.e2e.backups import MAKE_ON_EC2, NAME, RESTORE_ON_EC2, only, typed
from tests.e2e.rehearsal.conftest import opens
from tests.e2e.rehearsal.daily import Held, Launcher, address, on_host, status
from tests.waiting import wait_until

HELP_COLUMNS = 80


def test_every_command_says_what_it_does_within_80_columns(daily: Launcher) -> None:
    overview = daily("--help").stdout
    names = re.findall(r"^  (\w+)  ", overview.partition("Commands:")[2], re.MULTILINE)
    assert {"deploy", "destroy", "exec", "logs", "open", "ssh", "start", "status", "stop"} <= set(names)
    for text in (overview, *(daily(name, "--help").stdout for name in names)):
        assert all(len(line) <= HELP_COLUMNS for line in text.splitlines()), text
    assert "..." not in overview.partition("Commands:")[2]


def test_status_of_a_stack_that_is_well(daily: Launcher) -> None:
    done = daily("status")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"all is well at http://{address(daily)}/"
    found = status(daily)
    assert found["well"]
    app, tools = found["hosts"]
    assert app["release"] == tools["release"]
    assert app["release"] in daily("ssh", "app", "readlink", "/srv/stack/current").stdout
    assert [disk["mount_point"] for disk in app["disks"]] == ["/", "/srv/database"]
    assert all(0 < disk["used"] < disk["total"] for disk in app["disks"])
    assert {"mariadb", "microblog", "nginx", "prometheus"} <= {row["service"] for row in found["services"]}


def test_a_service_that_ended_is_named_with_its_last_words(
    daily: Launcher, hosts: dict[str, Container]
) -> None:
    on_host(hosts["tools"], "docker stop microblog-alertmanager-1")
    done = daily("status")
    on_host(hosts["tools"], "docker start microblog-alertmanager-1")
    assert done.returncode == 1
    assert "tools/alertmanager ended with status 0; the last it said:" in done.stdout
    assert "Received SIGTERM" in done.stdout
    assert f"try: python -m ec2 --file {daily.file} logs alertmanager" in done.stdout
    wait_until(lambda: daily("status").returncode == 0, 120, "alertmanager healthy")


def test_logs_of_all_hosts_are_in_order_of_time_and_without_colour(daily: Launcher) -> None:
    urlopen(f"http://{address(daily)}/", timeout=30).close()
    done = daily("logs", "--tail", "3", "nginx", "node_exporter")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    sources = [line.partition("|")[0].strip() for line in done.stdout.splitlines()]
    assert set(sources) == {"app/nginx", "app/node_exporter", "tools/node_exporter"}
    for host in ("app", "tools"):
        # What it says of the time was so before Docker noted the line.
        times = re.findall(rf"^{host}/node_exporter +\| time=(\S+)", done.stdout, re.MULTILINE)
        assert len(times) == 3
        assert times == sorted(times)


def test_logs_since_a_moment_leave_out_what_was_before(daily: Launcher) -> None:
    assert daily("logs", "--since", "1s", "mariadb").stdout == ""
    assert daily("logs", "--since", "2d", "mariadb").stdout != ""
    assert daily("logs", "--since", "yesterday").returncode == 2


def test_a_service_that_is_not_there_is_answered_with_those_that_are(daily: Launcher) -> None:
    done = daily("logs", "ngnix")
    assert done.returncode == 1
    assert "there is no service 'ngnix'; there are: alertmanager," in done.stderr


def test_following_goes_on_through_a_new_container_and_leaves_nothing_behind(
    daily: Launcher, hosts: dict[str, Container]
) -> None:
    with Held(daily, "logs", "--follow", "--tail", "1", "nginx", "blackbox_exporter") as listening:
        listening.wait_for("tools/blackbox_exporter")
        urlopen(Request(f"http://{address(daily)}/", headers={"User-Agent": "followed"}), timeout=10).read()
        listening.wait_for(r"app/nginx +\| .*followed")
        on_host(
            hosts["tools"],
            "cd /srv/stack/current && "
            "docker compose up --detach --no-build --no-deps --force-recreate blackbox_exporter",
        )
        # The new container's first line of several.
        listening.wait_for(r"tools/blackbox_exporter +\| .*[Ss]tarting")
        assert listening.interrupt() == (0, "")
    for host in hosts.values():
        wait_until(lambda host=host: "logs.py" not in on_host(host, "ps ax"), 15, "no log is read")  # type: ignore[misc]


def test_a_command_on_a_host_passes_its_exit_status_on(daily: Launcher) -> None:
    assert daily("ssh", "app", "exit 7").returncode == 7
    assert daily("ssh", "app", "sh", "-c", "exit 8").returncode == 8
    assert daily("ssh", "app", "echo one | tr o O; echo two").stdout == "One\ntwo\n"
    assert daily("ssh", "app", "printf", "%s,", "a b", "-n").stdout == "a b,-n,"
    unknown = daily("ssh", "web")
    assert unknown.returncode == 1
    assert "there is no host 'web'; there are: app, tools" in unknown.stderr


def test_a_shell_on_a_host_has_the_terminal(daily: Launcher) -> None:
    code, seen = daily.on_terminal("ssh", "app", typed="test -t 0 && echo it is a ${PWD#/home/}\nexit 5\n")
    assert "it is a admin" in seen
    assert code == 5


def test_a_command_in_a_service_reads_input_and_passes_its_exit_status_on(daily: Launcher) -> None:
    asked = daily("exec", "mariadb", "mariadb", "--skip-column-names", "microblog", given="select 41 + 1")
    assert (asked.returncode, asked.stdout) == (0, "42\n"), asked.stderr
    assert daily("exec", "microblog", "sh", "-c", "exit 3").returncode == 3
    assert daily("exec", "microblog", "test", "-t", "0").returncode == 1
    assert daily.on_terminal("exec", "microblog", "test", "-t", "0")[0] == 0


def test_a_backup_is_made_and_restored_as_the_document_says(daily: Launcher, tmp_path: Path) -> None:
    environment = {**daily.environment, "STACK_FILE": str(daily.file), "PYTHONPATH": str(ROOT)}

    def on_ec2(script: str) -> None:
        typed(re.sub(r"[./\w]*python(?= -m)", sys.executable, script), tmp_path, environment)

    def sql(statement: str) -> str:
        return daily("exec", "mariadb", "mariadb", "--skip-column-names", "microblog", given=statement).stdout

    sql("CREATE TABLE kept (a BLOB); INSERT INTO kept VALUES (x'00ff0a0d27')")
    on_ec2(MAKE_ON_EC2)
    dump = only(tmp_path)
    told = daily("ssh", "app", "cat", "/var/lib/prometheus/node-exporter/backup.prom").stdout
    assert f'backup_size_bytes{{backup="mariadb"}} {dump.stat().st_size}\n' in told
    sql("DROP TABLE kept")
    dump.rename(dump.with_name(NAME))
    on_ec2(RESTORE_ON_EC2)
    assert sql("SELECT HEX(a) FROM kept; DROP TABLE kept") == "00FF0A0D27\n"
    wait_until(lambda: daily("status").returncode == 0, 120, "all is well again")


def test_of_a_service_on_several_hosts_one_must_be_chosen(daily: Launcher) -> None:
    unclear = daily("exec", "node_exporter", "hostname")
    assert unclear.returncode == 1
    assert "node_exporter runs on several hosts: app, tools" in unclear.stderr
    assert daily("exec", "--host", "tools", "node_exporter", "true").returncode == 0


def test_a_tunnel_leads_to_pages_that_have_no_port_in_the_world(daily: Launcher) -> None:
    assert not opens(address(daily, "tools"), 9090)
    with socket.socket() as somebody:
        with suppress(OSError):
            # Unless somebody has it anyway.
            somebody.bind(("127.0.0.1", 9090))
            somebody.listen()
        with Held(daily, "open", "prometheus") as tunnel:
            here = tunnel.wait_for("http").strip()
            assert here.startswith("http://127.0.0.1:")
            assert here.endswith("/consoles/index.html")
            assert urlsplit(here).port != 9090
            assert "Stack overview" in urlopen(here, timeout=10).read().decode()
            assert tunnel.interrupt() == (0, "prometheus on tools, until Ctrl-C:\nclosed\n")
    assert not opens("127.0.0.1", urlsplit(here).port or 0)


def test_a_tunnel_to_what_was_left_out_is_an_error(daily: Launcher) -> None:
    done = daily("open", "grafana")
    assert done.returncode == 1
    assert "grafana was left out of this release" in done.stderr
    assert daily("open", "microblog").returncode == 2


def test_the_passwords_are_where_the_tunnels_look_for_them(daily: Launcher) -> None:
    for name in ("grafana", "jenkins"):
        found = daily.cloud.aws("ssm").get_parameter(
            Name=TUNNELS[name].parameter("daily"), WithDecryption=True
        )
        assert len(found["Parameter"]["Value"]) > 15


def test_a_host_that_does_not_answer_is_a_row_and_the_others_go_on(
    daily: Launcher, hosts: dict[str, Container]
) -> None:
    hosts["tools"].pause()
    try:
        shown, logged, entered = (
            daily("status"),
            daily("logs", "nginx"),
            daily("ssh", "tools", "true"),
        )
        silent = status(daily)["hosts"][1]
    finally:
        hosts["tools"].unpause()
    assert shown.returncode == 1
    assert "running, no answer" in shown.stdout
    assert (silent["state"], silent["reached"], silent["release"]) == ("running", False, None)
    assert logged.returncode == 0
    assert "app/nginx" in logged.stdout
    assert "tools (" in logged.stderr
    assert entered.returncode == 1
