"""Deploys that name the commit which they put in place: a company's own deploy script beside its repository's log."""

from __future__ import annotations

import pytest

from afterlog.analysis import analyse
from afterlog.ingestion import Options, ingest

# written by a deploy.sh and by git log --stat in a recorded outage
DEPLOYS = """\
2024-06-12 14:02:02 [deploy] cart-api: deploying main (db7cd3b) to api-3 by deploy
2024-06-12 14:02:03 [deploy] api-3: checkout main
2024-06-12 14:02:19 [deploy] api-3: cart-api restarted
2024-06-12 14:02:19 [deploy] cart-api: deployed main, done
2024-06-12 14:26:01 [deploy] cart-api: deploying HEAD~1 (78d33e4) to api-3 by deploy
2024-06-12 14:26:01 [deploy] api-3: checkout HEAD~1
2024-06-12 14:26:17 [deploy] api-3: cart-api restarted
2024-06-12 14:26:17 [deploy] cart-api: deployed HEAD~1, done
"""
COMMITS = """\
commit db7cd3b0b1ccd2ab6becf3a895a99169e50830b5
Author: Lena Vogt <lena@shop.example>
Date:   Wed Jun 12 13:52:02 2024 +0200

    cart-api 1.9.0: rates from the pricing table

 config.json | 9 ++++-----
 1 file changed, 4 insertions(+), 5 deletions(-)

commit 78d33e401ec19f8505d7fc7f9cf3dd5f9a04b7a4
Author: Jo Brandt <jo@shop.example>
Date:   Wed Jun 12 13:40:05 2024 +0200

    docs: readme

 config.json | 3 ++-
 1 file changed, 2 insertions(+), 1 deletion(-)
"""


@pytest.fixture
def deploys(tmp_path):
    logs = tmp_path / "logs"
    (logs / "build-1").mkdir(parents=True)
    (logs / "api-3").mkdir()
    (logs / "build-1/deploy.log").write_text(DEPLOYS)
    (logs / "build-1/git-log.txt").write_text(COMMITS)
    (logs / "api-3/auth.log").write_text("Jun 12 14:00:01 api-3 CRON[7]: (root) CMD (true)\n")
    case = ingest([logs], tmp_path / "case", Options(jobs=1, tz="Europe/Berlin"))
    return [change for change in analyse(case).history.changes if change.tool == "deploy"]


def test_a_deploy_that_names_a_hash_brought_that_commit(deploys):
    assert [change.subject for change in deploys] == ["cart-api 1.9.0: rates from the pricing table", "docs: readme"]


def test_an_older_commit_put_where_a_newer_one_was_is_a_rollback(deploys):
    assert [(change.action, change.title) for change in deploys] == [
        ("deploy", "Deploy: cart-api db7cd3b"),
        ("rollback", "Rollback: cart-api 78d33e4"),
    ]
    assert all(change.hosts == ("api-3",) for change in deploys)
