"""A git repository becomes the text of its history, whatever lies in the directory."""

import os
import shutil
import zlib
from pathlib import Path

import pytest
from dulwich.objects import Blob, Commit, Tag, Tree
from dulwich.repo import Repo

from afterlog import repository
from afterlog.errors import InputError
from afterlog.repository import is_repository, render_log

RECORDED = (
    Path(__file__).parents[1]
    / "sample_logs"
    / "misspelt-file-name"
    / "logs"
    / "ops-01"
    / "srv"
    / "collect"
    / "config.git"
)


def text(path: Path, **limits: int) -> str:
    return b"".join(render_log(path, **limits)).decode()


def add(
    repo: Repo,
    files: dict[bytes, bytes],
    parents: list[bytes],
    *,
    at: int = 1668058110,
    message: bytes = b"change",
) -> bytes:
    """Store a commit and let main name it."""
    tree = Tree()
    for name, content in files.items():
        blob = Blob.from_string(content)
        repo.object_store.add_object(blob)
        tree.add(name, 0o100644, blob.id)
    commit = Commit()
    commit.tree, commit.parents = tree.id, parents
    commit.author = commit.committer = b"Dev <dev@example.com>"
    commit.author_time = commit.commit_time = at
    commit.author_timezone = commit.commit_timezone = 19_800
    commit.message = message
    repo.object_store.add_object(tree)
    repo.object_store.add_object(commit)
    repo.refs[b"refs/heads/main"] = commit.id
    return commit.id


@pytest.fixture
def bare(tmp_path):
    with Repo.init_bare(str(tmp_path / "a.git"), mkdir=True) as repo:
        yield repo


def test_the_recorded_repository_shows_the_misspelt_line():
    history = text(RECORDED)
    assert history.count("\ncommit ") + 1 == 7  # git log --all --oneline | wc -l
    mistake = history.split("commit d4b5b37")[1].split("\ncommit ")[0]
    assert "+require SITE_ROOT . '/includes/class-locale.phpp';" in mistake
    assert "CommitDate: 2022-11-10 10:58:30 +0530" in mistake
    assert history == text(RECORDED)


def test_a_bare_repository_a_git_directory_and_a_work_tree_are_repositories(tmp_path, bare):
    Repo.init(str(tmp_path / "work"), mkdir=True).close()
    assert all(is_repository(path) for path in (Path(bare.path), tmp_path / "work", tmp_path / "work" / ".git"))
    assert not any(is_repository(path) for path in (tmp_path, Path(bare.path) / "objects", tmp_path / "nothing"))


def test_a_directory_that_is_none_says_what_was_expected(tmp_path):
    with pytest.raises(InputError, match="HEAD, objects and refs were expected"):
        text(tmp_path)


def test_an_empty_repository_is_an_empty_text(bare):
    assert text(Path(bare.path)) == ""


def test_commits_come_newest_first_over_all_refs(bare):
    one = add(bare, {b"a": b"1\n"}, [], at=100)
    add(bare, {b"a": b"3\n"}, [one], at=300)
    bare.refs[b"refs/heads/other"] = add(bare, {b"a": b"2\n"}, [one], at=200)
    dates = [line for line in text(Path(bare.path)).splitlines() if line.startswith("CommitDate")]
    assert dates == ["CommitDate: 1970-01-01 05:33:20 +0530", "CommitDate: 1970-01-01 05:31:40 +0530"]
    # (main was moved to the commit of 200; that of 300 has no ref any more)


def test_an_annotated_tag_leads_to_its_commit(bare):
    sha = add(bare, {b"a": b"1\n"}, [])
    tag = Tag()
    tag.name, tag.object, tag.message, tag.tagger = b"v1", (Commit, sha), b"", b"D <d@x>"
    tag.tag_time, tag.tag_timezone = 1, 0
    bare.object_store.add_object(tag)
    bare.refs[b"refs/tags/v1"] = tag.id
    del bare.refs[b"refs/heads/main"]
    assert f"commit {sha.decode()}" in text(Path(bare.path))


def test_packed_objects_and_refs_are_read(bare):
    add(bare, {b"a": b"2\n"}, [add(bare, {b"a": b"1\n"}, [])])
    before = text(Path(bare.path))
    bare.object_store.pack_loose_objects()
    bare.refs.pack_refs(all=True)
    bare.close()
    assert text(Path(bare.path)) == before
    assert "-1\n+2\n" in before


def test_a_shallow_repository_ends_where_its_parents_are_missing(bare):
    one = add(bare, {b"a": b"1\n"}, [])
    add(bare, {b"a": b"2\n"}, [one])
    loose(bare, one).unlink()
    history = text(Path(bare.path))
    assert history.count("commit ") == 1
    assert "… cut: the parent is not in this repository" in history


def loose(repo: Repo, sha: bytes) -> Path:
    return Path(repo.path) / "objects" / sha[:2].decode() / sha[2:].decode()


@pytest.mark.parametrize(
    "damage", [b"", b"garbage", zlib.compress(b"commit 5\x00abc"), zlib.compress(b"commit 3\x00abc")]
)
def test_a_damaged_tip_says_what_to_do(bare, damage):
    file = loose(bare, add(bare, {b"a": b"1\n"}, []))
    file.chmod(0o644)
    file.write_bytes(damage)
    with pytest.raises(InputError, match=r"none of the commits its refs name can be read.*collect"):
        text(Path(bare.path))


def test_a_damaged_file_costs_only_its_diff(bare):
    add(bare, {b"a": b"1\n"}, [])
    loose(bare, Blob.from_string(b"1\n").id).unlink()
    assert "differ, not compared" in text(Path(bare.path))


def test_a_damaged_pack_is_an_error_with_a_reason(bare):
    add(bare, {b"a": b"1\n"}, [])
    bare.object_store.pack_loose_objects()
    bare.close()
    for pack in (Path(bare.path) / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:20])
    with pytest.raises(InputError):
        text(Path(bare.path))


def test_an_object_that_unpacks_without_end_is_not_unpacked(bare, monkeypatch):
    monkeypatch.setattr(repository, "MAX_OBJECT", 1000)
    add(bare, {b"a": b"0" * 5000}, [])
    assert "differ, not compared" in text(Path(bare.path))


def test_objects_of_another_repository_are_not_followed(tmp_path, bare):
    sha = add(bare, {b"a": b"1\n"}, [])
    with Repo.init_bare(str(tmp_path / "b.git"), mkdir=True) as borrowing:
        borrowing.refs.set_if_equals(b"refs/heads/main", None, sha)
    info = tmp_path / "b.git" / "objects" / "info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text(str(Path(bare.path) / "objects") + "\n")
    with pytest.raises(InputError, match="alternates, which is not followed"):
        text(tmp_path / "b.git")


@pytest.mark.parametrize("part", ["objects", "objects/pack", "refs"])
def test_symbolic_links_are_refused(tmp_path, bare, part):
    add(bare, {b"a": b"1\n"}, [])
    inside = Path(bare.path) / part
    shutil.move(inside, tmp_path / "elsewhere")
    inside.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="symbolic link"):
        text(Path(bare.path))


def test_a_linked_or_special_object_is_a_missing_one(tmp_path, bare):
    one = add(bare, {b"a": b"1\n"}, [], at=1)
    add(bare, {b"a": b"2\n"}, [one], at=2)
    file = loose(bare, one)
    shutil.move(file, tmp_path / "object")
    file.symlink_to(tmp_path / "object")
    assert text(Path(bare.path)).count("commit ") == 1
    file.unlink()
    os.mkfifo(file)
    assert text(Path(bare.path)).count("commit ") == 1


def test_configuration_and_hooks_are_never_read(bare):
    add(bare, {b"a": b"1\n"}, [])
    before = text(Path(bare.path))
    (Path(bare.path) / "config").write_bytes(b"[core\n\x00 fsmonitor = !touch /x\n[include]\npath = /etc/passwd\n")
    assert text(Path(bare.path)) == before


def test_a_path_with_a_line_break_cannot_forge_a_commit(bare):
    add(bare, {b"a\ncommit 0123456789": b"1\n"}, [], message=b"subject\n\ncommit 0123456789")
    assert sum(line.startswith("commit ") for line in text(Path(bare.path)).splitlines()) == 1


def test_a_long_diff_and_a_long_history_are_cut_and_say_so(bare):
    add(bare, {b"a": b"x\n" * 1000}, [add(bare, {b"a": b"1\n"}, [], at=1)], at=2)
    assert "… cut: the diff is longer" in text(Path(bare.path), max_diff_bytes=500)
    history = text(Path(bare.path), max_commits=1)
    assert history.count("CommitDate") == 1
    assert "… cut: more than 1 commits" in history


def test_binary_files_are_named_and_not_shown(bare):
    add(bare, {b"a.png": b"\x89PNG\x00\x01"}, [])
    assert "Binary files a/a.png and b/a.png differ" in text(Path(bare.path))


def test_the_reflog_tells_pushes_once_and_leaves_out_commits(bare):
    sha = add(bare, {b"a": b"1\n"}, []).decode()
    push = f"{'0' * 40} {sha} Dev <d@x> 1668058200 +0530\tpush\n"
    for ref in ("HEAD", "refs/heads/main"):
        file = Path(bare.path) / "logs" / ref
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(push + f"{'0' * 40} {sha} Dev <d@x> 1668058201 +0530\tcommit: x\n")
    lines = [line for line in text(Path(bare.path)).splitlines() if line.startswith("reflog")]
    assert lines == [f"reflog refs/heads/main: {push.strip()}"]


def test_sha256_names_are_refused_with_what_to_collect(bare):
    (Path(bare.path) / "refs" / "heads" / "main").write_text("a" * 64 + "\n")
    with pytest.raises(InputError, match=r"SHA-256.*git log -p"):
        text(Path(bare.path))
