"""What tools print without times: Chef's report for people, database migrations, Capistrano's pretty output."""

from afterlog.layout import OFFSET_PLACED
from afterlog.parser import Line
from afterlog.registry import registry

# After chef/chef issues 3738 and 11289 and Chef's doc formatter: one run that changed a thing and broke at the next.
CHEF = b"""\
Starting Chef Infra Client, version 15.1.36
Converging 3 resources
Recipe: app::default
  * directory[/etc/app] action create (up to date)
  * template[/etc/app/app.conf] action create
    - update content in file /etc/app/app.conf from 2b6f4e to 00e78c
    --- /etc/app/app.conf\t2015-07-31 10:20:40.000000000 +0000
    +workers 4
    - change mode from '' to '0644'
  * execute[migrate] action run

    ================================================================================
    Error executing action `run` on resource 'execute[migrate]'
    ================================================================================

Running handlers:
Running handlers complete
Chef Infra Client failed. 1 resources updated in 42 seconds
"""
# Rails, in a public course; the second migration is the first with another name
RAILS = b"""\
== 20150914201353 CreateDogs: migrating =======================================
-- create_table(:dogs)
   -> 0.0019s
== 20150914201353 CreateDogs: migrated (2.0000s) ==============================

== 20150914201354 CreateCats: migrating =======================================
== 20150914201354 CreateCats: migrated (3.0000s) ==============================
"""


def told(name: str, data: bytes):
    lines = data.split(b"\n")
    return list(registry()[name].records(Line(number, 0, text) for number, text in enumerate(lines, 1)))


def changes(name: str, data: bytes):
    return [
        (record.line.number, record.columns["action"], record.columns["target"], str(record.columns["outcome"]))
        for record in told(name, data)
        if record.columns["kind"] == "change"
    ]


def test_only_resources_with_something_done_below_them_changed_and_the_run_was_partly_done():
    assert changes("chef-output", CHEF) == [
        (1, "run", "chef", "started"),
        (5, "resource", "template[/etc/app/app.conf]", "changed"),
        (13, "resource", "execute[migrate]", "failed"),
        (18, "run", "chef", "partly"),
    ]


def test_a_run_of_chef_begins_as_long_before_the_end_as_it_says():
    first, *_rest, last = told("chef-output", CHEF)
    assert {first.time.offset_s, last.time.offset_s} == {OFFSET_PLACED}
    assert (first.time.wall_us, last.time.wall_us) == (-42_000_000, 0)


def test_chefs_log_with_stamps_is_left_to_its_own_parser():
    stamped = [b"[2021-04-02T16:08:03-04:00] ERROR: Running exception handlers", *CHEF.split(b"\n")]
    assert registry()["chef-output"].claims("", stamped) == 0.0


def test_migrations_lie_before_the_end_by_what_they_took():
    records = told("migrations", RAILS)
    assert [record.time.wall_us for record in records] == [-5_000_000, -3_000_000, -3_000_000, 0]
    assert changes("migrations", RAILS)[1] == (4, "migration", "20150914201353 CreateDogs", "changed")
    assert len({record.columns["run"] for record in records}) == 1


def test_a_migration_of_django_that_did_not_say_ok_failed():
    broken = b'Running migrations:\n  Applying app.0002_x...Traceback (most recent call last):\n  File "x", line 1\n'
    assert changes("migrations", broken) == [(2, "migration", "app.0002_x", "failed")]


def test_prose_about_migrations_is_no_output_of_one():
    prose = [b"Running migrations is easy:", b"run rake db:migrate and wait.", b"Then deploy."]
    assert registry()["migrations"].claims("", prose) == 0.0
