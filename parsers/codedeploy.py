r"""AWS CodeDeploy on the machine it deploys to: the agent's log, and its deployments' log with what the scripts printed.

::

    2019-09-04 12:14:31 INFO  [codedeploy-agent(32583)]: [Aws::CodeDeployCommand::Client 200 …] put_host_command_complete(…)
    [2022-04-22 00:41:18.616] [d-IR48ENC1H]LifecycleEvent - AfterInstall
    [2022-04-22 00:41:18.617] [d-IR48ENC1H]Script - stop.sh
    [2022-04-22 00:41:18.671] [d-IR48ENC1H][stdout]> Checking the application pid …

A lifecycle event that begins is a change of its deployment, and so is the agent's answer that one failed.

Traps: local time without a zone, with a blank or a T; what a script prints is no error only because it stands in stderr; the agent
polls every minute; a script's path and exit code stand in a JSON within the answer.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-view-logs.html
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_EVENTS: Final = frozenset(
    {"ApplicationStop", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart", "ValidateService", "DownloadBundle",
     "BeforeBlockTraffic", "BlockTraffic", "AfterBlockTraffic", "BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"}
)  # fmt: skip
_ANSWER: Final = re.compile(r'put_host_command_complete\(command_status:"(?P<status>\w+)"(?P<rest>.*)', re.DOTALL)
_MESSAGE: Final = re.compile(r'\\?"message\\?":\\?"(?P<said>.{0,1000}?)\\?"(?:,\\?"log\\?"|\})')
_SCRIPT: Final = re.compile(
    r"Script at specified location: (?P<target>\S+) run as user (?P<user>\S+) failed with exit code (?P<code>\d+)"
)
_FAILED: Final = re.compile(r".{0,200}?Error during perform: \S+ - (?P<said>.*)", re.DOTALL)


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    service = {"service": ["codedeploy-agent"] * len(match)}
    if "event" in match:
        told = each_unique(match.text("event"), _event)
        return service | told | {"event": None, "run": match.text("deployment"), "target": match.text("deployment")}
    if "script" in match:
        return service | {"message": match.text("script"), "run": match.text("deployment")}
    if "stream" in match:
        return service | {"run": match.text("deployment")}
    return service | each_unique(match.text("message"), _agent)


def _event(name: str) -> dict[str, Any]:
    known = name.strip() in _EVENTS
    told = {"message": f"LifecycleEvent - {name.strip()}", "severity": 9, "lifecycle_event": name.strip()}
    if not known:
        return told | {"kind": str(Kind.LOG)}
    return told | {"kind": str(Kind.CHANGE), "action": "deploy", "outcome": str(Outcome.STARTED)}


def _agent(said: str) -> dict[str, Any]:
    answer, failed = _ANSWER.search(said), _FAILED.match(said)
    if failed or (answer and answer["status"] == "Failed"):
        found = _MESSAGE.search(answer["rest"]) if answer else failed
        error = found["said"].replace('\\"', '"') if found else said
        script = _SCRIPT.search(said)
        return {
            "kind": str(Kind.CHANGE),
            "action": "deploy",
            "target": script["target"] if script else "codedeploy",
            "outcome": str(Outcome.FAILED),
            "error": error[:1000],
        }
    if answer and answer["status"] == "Succeeded":
        return {"kind": str(Kind.CHANGE), "action": "deploy", "target": "codedeploy", "outcome": str(Outcome.CHANGED)}
    return {"kind": str(Kind.LOG)}


_LOG: Final = "a codedeploy-agent-deployments.log in a public course repository"
_AGENT: Final = "aws/aws-codedeploy-agent issue {}"

PARSER = LineParser(
    name="codedeploy",
    title="AWS CodeDeploy agent",
    url="https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-view-logs.html",
    layouts=(
        Layout("[{time:iso}] [{deployment:word}]LifecycleEvent - {event:rest}", name="event"),
        Layout("[{time:iso}] [{deployment:word}]Script - {script:rest}", name="script"),
        Layout("[{time:iso}] [{deployment:word}][{stream:word}]{message:rest}", name="output"),
        Layout("{time:iso} {level:level}{~}[codedeploy-agent({pid:d})]: {message:rest}", name="agent"),
    ),
    continues=True,
    meaning=_meaning,
    samples=(
        Sample(
            b"[2022-04-22 00:41:18.616] [d-IR48ENC1H]LifecycleEvent - AfterInstall",
            {
                "time": "2022-04-22T00:41:18.616",
                "kind": "change",
                "action": "deploy",
                "target": "d-IR48ENC1H",
                "run": "d-IR48ENC1H",
                "outcome": "started",
                "lifecycle_event": "AfterInstall",
            },
            _LOG,
        ),
        Sample(
            b"[2022-04-22 00:41:18.617] [d-IR48ENC1H]Script - stop.sh",
            {"kind": "log", "message": "stop.sh", "run": "d-IR48ENC1H"},
            _LOG,
        ),
        Sample(
            b"[2020-07-11 02:28:34.507] [d-5YRO0F3E4][stdout]> Copy Build Files",
            {"kind": "log", "stream": "stdout", "message": "> Copy Build Files"},
            _LOG,
        ),
        Sample(
            b"2017-11-05 08:28:41 ERROR [codedeploy-agent(2818)]: InstanceAgent::Plugins::CodeDeployPlugin::CommandPoller: Error during perform: InstanceAgent::Plugins::CodeDeployPlugin::ScriptError - Script at specified location: scripts/install_dependencies.sh run as user root failed with exit code 127 - /opt/codedeploy-agent/lib/instance_agent/plugins/codedeploy/hook_executor.rb:158:in 'execute_script'",
            {
                "time": "2017-11-05T08:28:41",
                "kind": "change",
                "action": "deploy",
                "target": "scripts/install_dependencies.sh",
                "outcome": "failed",
                "severity": 17,
                "pid": "2818",
                "service": "codedeploy-agent",
            },
            _AGENT.format(139),
        ),
        Sample(
            b'2020-09-22T05:37:46 INFO  [codedeploy-agent(12812)]: [Aws::CodeDeployCommand::Client 200 0.079303 0 retries] put_host_command_complete(command_status:"Failed",diagnostics:{format:"JSON",payload:"{\\"error_code\\":5,\\"script_name\\":\\"\\",\\"message\\":\\"No such file or directory @ rb_sysopen - d:/acs_services/ACS_DE/bin/ACS.Common.Data.dll\\",\\"log\\":\\"\\"}"},host_command_identifier:"...")',
            {
                "time": "2020-09-22T05:37:46",
                "kind": "change",
                "outcome": "failed",
                "severity": 9,
                "error": "No such file or directory @ rb_sysopen - d:/acs_services/ACS_DE/bin/ACS.Common.Data.dll",
            },
            _AGENT.format(251) + ", without the identifier",
        ),
        Sample(
            b'2018-11-09 21:30:41 INFO  [codedeploy-agent(10132)]: [Aws::CodeDeployCommand::Client 200 60.141093 0 retries] poll_host_command(host_identifier:"arn:aws:ec2:us-west-2:XXX")',
            {"kind": "log", "severity": 9},
            _AGENT.format(195),
        ),
        Sample(b"[2022-04-32 00:41:18.616] [d-IR48ENC1H]Script - stop.sh", None, "hostile: no such day"),
    ),
)
