"""Deploying: which commands and which names of steps put something into operation, or take it back.

A build that compiles and tests changes nothing where users are; CI logs are full of them. What these words don't tell
stays an ordinary log line.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_COMMAND: Final = (
    ("rollback", r"kubectl\b.{0,200}? rollout undo", r"helm\b.{0,200}? rollback", r"deploy:rollback",
     r"argocd app rollback"),
    ("restart", r"kubectl\b.{0,200}? rollout restart", r"systemctl (?:\S+ )*(?:restart|reload)",
     r"docker(?:-compose| compose)? restart"),
    ("scale", r"kubectl\b.{0,200}? scale"),
    ("deploy", r"kubectl\b.{0,200}? (?:apply|set image|create|replace|patch)", r"helm\b.{0,200}? (?:upgrade|install)",
     r"(?:terraform|tofu)\b.{0,100}? (?:apply|destroy)", r"ansible-playbook", r"cap \w+ deploy", r"docker stack deploy",
     r"docker(?:-compose| compose)\b.{0,200}? up", r"argocd app sync", r"(?:serverless|sls|cdk|eb|flyctl) deploy",
     r"aws (?:ecs update-service|lambda update-function-code|deploy create-deployment|cloudformation deploy|s3 sync)",
     r"gcloud\b.{0,100}? deploy", r"az webapp deploy\w*", r"git push heroku", r"nomad job run",
     r"salt(?:-call)?\b.{0,100}? state\.\w+", r"(?:rsync|scp)\b.{0,300}? \S{1,200}:/\S*"),
)  # fmt: skip
_NAMES: Final = (
    (r"\b(?:roll ?-?back|revert)\b", "rollback"),
    (r"\b(?:deploy(?:ment|ing|s)?|roll ?-?out|promote|ship it|go ?-?live)\b", "deploy"),
)
_DRY: Final = re.compile(r"--dry-run\b(?!=none)|--check\b|\bplan\b|--noop\b|\btest=True\b|\becho\b")
_COMMANDS: Final = tuple((re.compile(rf"\b(?:{'|'.join(patterns)})(?!\w)"), word) for word, *patterns in _COMMAND)
_STEPS: Final = tuple((re.compile(pattern, re.IGNORECASE), word) for pattern, word in _NAMES)


@lru_cache(maxsize=4096)
def deploys_by_command(command: str) -> str:
    """Tell what a command line puts into operation: deploy, rollback, restart, scale, or nothing (empty)."""
    shown = command[:2_000]
    if _DRY.search(shown):
        return ""
    return next((word for pattern, word in _COMMANDS if pattern.search(shown)), "")


@lru_cache(maxsize=4096)
def deploys_by_name(name: str) -> str:
    """Tell what the name of a job, stage or step says it does: deploy, rollback, or nothing (empty)."""
    shown = name[:300].replace("_", " ")
    return next((word for pattern, word in _STEPS if pattern.search(shown)), "")
