#!/usr/bin/env python3
"""`assay doctor` on this host: it can run here, as the rest of the suite shows, and says so; each miss has a remedy."""
import json

import support


def says_that_it_can_run(assay, scratch):
    done = assay("doctor", "--json")
    assert done.returncode == 0, done
    said = json.loads(done.stdout)
    assert said["able"] is True
    names = [each["name"] for each in said["findings"]]
    assert len(names) == len(set(names)), names
    for name in ("kernel", "user namespaces", "seccomp", "a sandbox", "limit of memory", "image python", "git"):
        assert name in names, names
    for each in said["findings"]:
        assert each["state"] in ("ok", "limited"), each
        assert bool(each["remedy"]) == bool(each["works_without"]) == (each["state"] != "ok"), each
    text = assay("doctor")
    assert text.returncode == 0 and text.stdout.endswith("assay can run here\n"), text
    for each in said["findings"]:
        assert each["name"] in text.stdout, each


def names_what_is_missing(assay, scratch):
    nowhere = assay("doctor", "--json", env=support.environment(ASSAY_LAUNCHER=str(scratch / "nothing")))
    assert nowhere.returncode == 1, nowhere
    said = json.loads(nowhere.stdout)
    assert said["able"] is False
    missing = [each for each in said["findings"] if each["state"] == "missing"]
    assert [each["name"] for each in missing] == ["a sandbox"] and missing[0]["remedy"], missing

    (scratch / "empty").mkdir()
    without = assay("doctor", "--json", env=support.environment(PATH=str(scratch / "empty")))
    git = next(each for each in json.loads(without.stdout)["findings"] if each["name"] == "git")
    assert git["state"] == "limited" and git["remedy"] == "apt-get install git", git


if __name__ == "__main__":
    support.main(says_that_it_can_run, names_what_is_missing, description=__doc__)
