#!/usr/bin/env python3
"""The paper's tasks, each with a submission of its shape: framework by constraint set, with the outcome expected.

By default 10 of the 80 tasks in which each framework and each constraint set occurs, and two submissions that break
their task's constraint; --all runs the 80 and all eight. The task files and the collection are the paper's where they
stand beside the checkout, else copies of their shape with the corpus's own collection.
"""
import importlib.util
import sys

import corpus
import support


def make_matrix():
    """tests/corpus/make_matrix.py as a module."""
    spec = importlib.util.spec_from_file_location("make_matrix", support.CORPUS / "make_matrix.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(assay, scratch, options, collection):
    """With the paper's task files and collection, or with copies of their shape when `collection` is None."""
    made = make_matrix()
    rows, wrong = made.matrix(), made.violations()
    if not options.all:
        rows, wrong = made.sample(rows), wrong[::4]
    batch = made.write(scratch, rows, collection and collection.parent / "tasks", wrong)
    # The collection stands a folder above the task files, so it is not found beside them.
    suite = ["--suite", collection] if collection else []
    found = assay.batch(batch, scratch / "run", *suite, "--timeout-request", 10000, timeout=options.timeout)
    good, mismatches = corpus.check_corpus().check(scratch / "run", "conduit" if collection else "assertions",
                                                   expected_folder=scratch / "expected")
    assert not mismatches, "\n" + "\n".join(mismatches)
    assert good == len(found) == len(rows) + len(wrong), f"{good} of {len(rows) + len(wrong)}"
    for framework, constraints, _ in rows:
        result = found[made.task_name(framework, constraints)]
        assert (result["framework"], result["level"]) == (framework, len(constraints)), result["id"]
    sets = {tuple("orm" if each in made.ORM.values() else each for each in constraints) for _, constraints, _ in rows}
    assert len(sets) == 10 and {row[0] for row in rows} == set(made.FRAMEWORKS), sorted(sets)
    print(f"{len(rows)} tasks and {len(wrong)} violations as expected")


def tasks_of_the_paper_have_a_submission_of_their_shape(assay, scratch, options):
    collection = support.shared_collection()
    if not collection:
        raise support.Skip("no ../shared/constraint-decay beside the checkout, and ASSAY_SHARED does not name it")
    run(assay, scratch, options, collection)


def copies_of_their_shape_have_it_too(assay, scratch, options):
    run(assay, scratch, options, None)


def arguments(parser):
    parser.add_argument("--all", action="store_true", help="all 80 tasks and all 8 violations")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one batch")


if __name__ == "__main__":
    sys.exit(support.main(tasks_of_the_paper_have_a_submission_of_their_shape, copies_of_their_shape_have_it_too,
                          description=__doc__.split("\n\n")[0], options=arguments))
