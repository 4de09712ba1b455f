#!/usr/bin/env python3
"""Services beside a server: each submission has a database of its own, and what it does to it is judged rightly."""
import json
import shutil

import support

SAMPLES = support.ROOT / "tests/e2e/services"


def request(name, method, path, *assertions):
    """One item of a collection; assertions are JavaScript over pm."""
    lines = [f"pm.test({json.dumps(name)}, () => {{ {assertion} }});" for assertion in assertions]
    return {"name": name, "request": {"method": method, "url": "{{APIURL}}" + path},
            "event": [{"listen": "test", "script": {"exec": lines}}]}


def submission(folder, id, *requests, sample="flask-postgres", **task):
    """A copy of a sample with a collection of its own."""
    shutil.copytree(SAMPLES / sample, folder / id)
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    collection = {"info": {"name": id, "schema": schema}, "item": list(requests)}
    (folder / id / "collection.json").write_text(json.dumps(collection), encoding="utf-8")
    changed = json.loads((folder / id / "task.json").read_text(encoding="utf-8"))
    changed |= {"postmanCollection": "collection.json"} | task
    (folder / id / "task.json").write_text(json.dumps(changed), encoding="utf-8")


def log_of(run, folder):
    return (run / "logs" / folder / "postgres.log").read_text(encoding="utf-8", errors="replace")


OK = "pm.response.to.have.status(200);"
EMPTY = "pm.expect(pm.response.json().notes).to.eql([]);"


def each_submission_has_a_fresh_database(assay, scratch):
    found = assay.batch(SAMPLES, scratch / "run", "--repeat", 2, "--log-statements")
    assert len(found) == 6, list(found)
    for name, result in found.items():
        assert support.counts(result) == (4, 4, 0), (name, result["verdict"])
        service = "redis" if name.startswith("stdlib-redis") else "postgres"
        use = result["usage"]["services"][service]
        assert use["cpu_user_us"] + use["cpu_system_us"] > 0, use
        if "memory" not in result["usage"]["unenforced"]:  # without cgroups the kernel counts no process tree
            assert use["memory_peak_bytes"] > 1 << 20, use
        assert use["exit"] == {"killed": True} and use["ready_after_us"] > 0, use
        assert "services" in result["usage"]["phases"], result["usage"]["phases"]
        if service == "postgres":
            log = log_of(scratch / "run", name.replace("#", "%23"))
            assert "CREATE TABLE notes" in log and "INSERT INTO notes" in log, log


def what_a_submission_does_to_its_database_is_its_own_affair(assay, scratch):
    batch = scratch / "batch"
    batch.mkdir()
    submission(batch, "environment", request("environment", "GET", "/environment",
               "pm.expect(pm.response.json()).to.eql({databases: ['conduit', 'conduit'],"
               " hosts: ['postgres', 'postgres']});"))
    submission(batch, "refused", request("refused", "GET", "/refused",
               OK,
               "pm.expect(pm.response.json().errors[0]).to.include('password authentication failed');",
               "pm.expect(pm.response.json().errors[1]).to.include('Connection refused');"))
    submission(batch, "flood",
               request("flood", "POST", "/flood",
                       "pm.expect(pm.response.json().held).to.be.within(90, 100);",
                       "pm.expect(pm.response.json().error).to.include('too many clients');"),
               request("after the flood", "GET", "/notes", EMPTY))
    submission(batch, "drop", request("drop", "POST", "/drop", OK), request("after the drop", "GET", "/notes", OK))
    submission(batch, "fill", request("fill", "POST", "/fill", OK), request("after the fill", "GET", "/health-check", OK))
    # No database in the task, one in requirements.txt.
    submission(batch, "by-manifest", request("notes", "GET", "/notes", EMPTY), name="flask-openapi-unconstrained")
    found = assay.batch(batch, scratch / "run")
    wanted = {"environment": (1, 1, 0), "refused": (3, 3, 0), "flood": (3, 3, 0), "drop": (2, 1, 1), "fill": (2, 1, 1),
              "by-manifest": (1, 1, 0)}
    for name, counts in wanted.items():
        assert support.counts(found[name]) == counts, (name, found[name])
    assert "HINT:  Check free disk space" in log_of(scratch / "run", "fill")
    assert "CREATE TABLE" not in log_of(scratch / "run", "flood"), "statements are logged without being asked for"


def a_service_that_fails_is_a_fault(assay, scratch):
    batch = scratch / "batch"
    batch.mkdir()
    submission(batch, "crash", request("crash", "POST", "/crash", OK), request("after the crash", "GET", "/notes", OK))
    submission(batch, "unknown", request("never sent", "GET", "/notes", OK), services=["oracle"])
    found = assay.batch(batch, scratch / "run")
    for name, words in {"crash": ["postgres", "signal 9"], "unknown": ["oracle", "known are: postgres, redis"]}.items():
        fault = found[name].get("fault")
        assert fault and "verdict" not in found[name], found[name]
        assert fault["step"] == "services" and all(word in fault["reason"] for word in words), fault
        assert found[name]["reward"] is None, found[name]
    assert found["crash"]["fault"]["retryable"] and not found["unknown"]["fault"]["retryable"]


if __name__ == "__main__":
    support.main(each_submission_has_a_fresh_database, what_a_submission_does_to_its_database_is_its_own_affair,
                 a_service_that_fails_is_a_fault, description=__doc__)
