"""What the logs of GitHub Actions, GitLab CI and Jenkins become: only what they put into operation is a change."""

from afterlog.event import Outcome
from afterlog.formats.deploying import deploys_by_command, deploys_by_name
from afterlog.parser import OFFSET_UNKNOWN, Line, Record, Reject
from afterlog.parsers.github_actions import PARSER as HOSTED
from afterlog.parsers.gitlab_ci import PARSER as GITLAB
from afterlog.parsers.jenkins import PARSER as JENKINS

GITHUB, AZURE = HOSTED


def told(parser, data: bytes) -> list[Record | Reject]:
    lines = data.removesuffix(b"\n").split(b"\n")
    return list(parser.records(Line(number, 0, text) for number, text in enumerate(lines, 1)))


def changes(parser, data: bytes) -> list[tuple[int, str, str]]:
    return [
        (record.line.number, record.columns["action"], record.columns["outcome"])
        for record in told(parser, data)
        if record.columns["kind"] == "change"
    ]


ACTIONS = b"""\
\xef\xbb\xbf2026-05-18T14:01:35.7261527Z Current runner version: '2.334.0'
2026-05-18T14:01:35.8000000Z Complete job name: production
2026-05-18T14:01:38.8802549Z ##[group]Run npm test
2026-05-18T14:01:38.8803986Z npm test
2026-05-18T14:01:38.8807200Z ##[endgroup]
2026-05-18T14:01:40.4537797Z ##[group]Run kubectl apply -f k8s/
2026-05-18T14:01:40.4538101Z \x1b[36;1mkubectl apply -f k8s/\x1b[0m
2026-05-18T14:01:40.4540149Z ##[endgroup]
2026-05-18T14:01:41.0000000Z deployment.apps/web configured
2026-05-18T14:01:55.8194349Z ##[error]Process completed with exit code 1.
2026-05-18T14:01:57.0437987Z Post job cleanup.
"""


def test_a_step_that_deploys_begins_and_ends_where_the_next_one_begins():
    assert changes(GITHUB, ACTIONS) == [(6, "deploy", Outcome.STARTED), (11, "deploy", Outcome.FAILED)]
    end = told(GITHUB, ACTIONS)[-1].columns
    assert (end["error"], end["target"]) == ("Process completed with exit code 1.", "production")
    without_error = ACTIONS.replace(b"##[error]Process completed with exit code 1.", b"done")
    assert changes(GITHUB, without_error)[-1] == (11, "deploy", Outcome.CHANGED)


def test_a_job_that_only_tests_changes_nothing():
    assert changes(GITHUB, ACTIONS.replace(b"kubectl apply -f k8s/", b"make lint")) == []


def test_gh_puts_job_and_step_before_the_time():
    lines = (
        b"deploy\tSet up job\t2025-07-04T14:32:13.9267154Z ok\n"
        b"deploy\tRoll out\t2025-07-04T14:32:14.1593481Z ##[group]Run ./ship.sh\n"
        b"deploy\tComplete job\t2025-07-04T14:32:15.1593481Z Cleaning up orphan processes\n"
    )
    assert changes(GITHUB, lines) == [(2, "deploy", Outcome.STARTED), (3, "deploy", Outcome.CHANGED)]


TRACE = (
    b"\x1b[0KRunning with gitlab-runner 13.1.0 (6214287e)\n"
    b"\x1b[0;msection_start:1593779910:step_script\r\x1b[0K\x1b[36;1mExecuting\x1b[0;m\n"
    b"\x1b[32;1m$ helm upgrade web ./chart\x1b[0;m\n"
    b"10%\r50%\r100%\n"
    b"section_end:1593779927:step_script\r\x1b[0K\x1b[32;1mJob succeeded\n"
    b"\x1b[0;m\n"
)


def test_gitlabs_lines_are_placed_at_the_section_before_them_and_the_first_at_the_first():
    records = told(GITLAB, TRACE)
    assert [(r.line.number, r.time.wall_us // 1_000_000, r.time.offset_s == 0) for r in records] == [
        (1, 1593779910, False), (2, 1593779910, True), (3, 1593779910, False), (4, 1593779910, False),
        (5, 1593779927, True),
    ]  # fmt: skip
    assert records[3].columns["message"] == "100%"  # what a terminal would show


def test_gitlabs_deploy_ends_with_its_job():
    assert changes(GITLAB, TRACE) == [(3, "deploy", Outcome.STARTED), (5, "deploy", Outcome.CHANGED)]
    failed = TRACE.replace(b"Job succeeded", b"ERROR: Job failed: exit code 1")
    assert changes(GITLAB, failed)[-1] == (5, "deploy", Outcome.FAILED)
    assert changes(GITLAB, TRACE.replace(b"helm upgrade web ./chart", b"helm lint ./chart")) == []


BUILD = b"""\
Started by user Jane
[Pipeline] { (Build)
[Pipeline] sh
+ npm ci
added 42 packages
[Pipeline] { (Deploy)
[Pipeline] sh
+ ansible-playbook deploy.yml
Finished: SUCCESS
"""


def test_jenkins_without_times_ends_with_its_file_and_a_deploy_stage_is_a_change():
    records = told(JENKINS, BUILD)
    assert {record.time.wall_us for record in records} == {0}
    assert all(record.time.offset_s != OFFSET_UNKNOWN for record in records)
    assert [record.line.number for record in records] == [1, 2, 3, 4, 6, 7, 8, 9]  # the output continues its command
    assert changes(JENKINS, BUILD) == [
        (6, "deploy", Outcome.STARTED), (8, "deploy", Outcome.STARTED), (9, "deploy", Outcome.CHANGED),
    ]  # fmt: skip
    assert records[-1].columns["actor"] == "user Jane"


def test_a_skipped_deploy_stage_changed_nothing():
    skipped = BUILD.replace(b"+ ansible-playbook deploy.yml", b'Stage "Deploy" skipped due to earlier failure(s)')
    assert changes(JENKINS, skipped.replace(b"SUCCESS", b"FAILURE"))[-1] == (8, "deploy", Outcome.UNCHANGED)


def test_times_of_day_count_by_their_distances_over_midnight():
    lines = b"23:59:50  Started by user Jane\n00:00:05  [Pipeline] sh\n00:00:10  Finished: SUCCESS\n"
    assert [-record.time.wall_us // 1_000_000 for record in told(JENKINS, lines)] == [20, 5, 0]


def test_with_the_timestamper_times_are_exact():
    first, _second = told(JENKINS, b"[2022-11-10T11:05:02.292Z] Started by user Jane\n[2022-11-10T11:05:03.000Z] x\n")
    assert (first.time.wall_us, first.time.offset_s) == (1_668_078_302_292_000, 0)


def test_commands_and_names_tell_what_is_put_into_operation():
    for command in (
        "kubectl -n shop set image deployment/web web=shop:2.4", "helm upgrade --install web ./chart", "terraform apply -auto-approve",
        "ansible-playbook site.yml", "cap production deploy", "docker compose up -d", "rsync -a build/ deploy@web-01:/srv/www/",
        "aws ecs update-service --service web",
    ):  # fmt: skip
        assert deploys_by_command(command) == "deploy", command
    for command in (
        "kubectl get pods", "helm lint .", "terraform plan", "ansible-playbook --check site.yml", "npm test", "docker build .",
        "kubectl apply --dry-run=client -f x", "echo helm upgrade", "rsync -a a/ b/",
    ):  # fmt: skip
        assert deploys_by_command(command) == "", command
    assert deploys_by_command("kubectl rollout undo deployment/web") == "rollback"
    assert deploys_by_command("helm rollback web 3") == "rollback"
    assert deploys_by_command("kubectl rollout restart deployment/web") == "restart"
    assert (deploys_by_name("Deploy to production"), deploys_by_name("roll back"), deploys_by_name("unit tests")) == (
        "deploy", "rollback", "",
    )  # fmt: skip


# An Azure DevOps release log in a public article on deploying databases; and the sections of a job around its steps, whose
# names and error are those of a public pipeline's log.
DACPAC = b"""\
2017-10-13T12:01:30.0026563Z ##[section]Starting: Deploy Dacpac
2017-10-13T12:01:30.0036563Z Task         : PowerShell
2017-10-13T12:01:30.0076572Z ##[command]. 'd:\\a\\r1\\a\\ChinookDb-CI\\BuildOutput\\Deploy.ps1'
2017-10-13T12:02:10.3410313Z ##[section]Finishing: Deploy Dacpac
"""
JOB = b"""\
2026-02-04T20:19:50.0000000Z ##[section]Starting: Staging
2026-02-04T20:19:51.0000000Z ##[section]Starting: Checkout
2026-02-04T20:19:59.0000000Z ##[section]Finishing: Checkout
2026-02-04T20:20:00.0000000Z ##[section]Starting: Deploy a Elastic Beanstalk (Staging)
2026-02-04T20:20:01.4155548Z ##[error]Error: Application politutorias-backend does not exist
2026-02-04T20:20:01.5097539Z ##[section]Finishing: Deploy a Elastic Beanstalk (Staging)
2026-02-04T20:20:02.0000000Z ##[section]Finishing: Staging
"""


def test_a_step_of_azure_that_deploys_is_a_change_from_its_section_to_the_end_of_it():
    assert changes(AZURE, DACPAC) == [(1, "deploy", Outcome.STARTED), (4, "deploy", Outcome.CHANGED)]


def test_a_job_of_azure_around_its_steps_names_them_and_an_error_fails_only_its_step():
    assert changes(AZURE, JOB) == [(4, "deploy", Outcome.STARTED), (6, "deploy", Outcome.FAILED)]
    failed = told(AZURE, JOB)[5].columns
    assert (failed["job"], failed["target"], failed["severity"]) == ("Staging", "Staging", 17)
    assert failed["error"] == "Error: Application politutorias-backend does not exist"


def test_each_of_the_two_leaves_the_other_its_logs():
    for parser, data in ((GITHUB, JOB), (AZURE, ACTIONS)):
        assert parser.claims("", data.split(b"\n")) == 0.0
