#!/usr/bin/env python3
"""tests/corpus/make_matrix.py: which task gets which backend, and what is written. Nothing is run."""
import json
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/corpus"))
import make_matrix  # noqa: E402


class Matrix(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="assay-test-")
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name)

    def lines(self, batch):
        return [json.loads(line) for line in batch.read_text(encoding="utf-8").splitlines()]

    def test_there_are_80_tasks_and_each_has_a_backend_with_all_its_constraints(self):
        rows = make_matrix.matrix()
        self.assertEqual(len({make_matrix.task_name(*row[:2]) for row in rows}), 80)
        for framework, constraints, (name, its_framework, its_constraints, _) in rows:
            self.assertEqual(its_framework, framework)
            self.assertLessEqual(set(constraints), its_constraints, name)
            self.assertNotIn(name, make_matrix.FLAWED)

    def test_levels_are_spread_as_in_the_study(self):
        levels = [len(constraints) for _, constraints, _ in make_matrix.matrix()]
        self.assertEqual([levels.count(level) for level in range(4)], [8, 24, 32, 16])

    def test_a_backend_with_fewer_other_constraints_comes_first(self):
        chosen = {make_matrix.task_name(*row[:2]): row[2][0] for row in make_matrix.matrix()}
        self.assertEqual(chosen["express-openapi-unconstrained"], "express-ok")
        self.assertEqual(chosen["django-openapi-postgres"], "django-postgres")
        self.assertEqual(chosen["django-openapi-clean_architecture-postgres"], "django-postgres-sqlalchemy")

    def test_a_task_that_no_backend_serves_is_an_error(self):
        with self.assertRaises(LookupError):
            make_matrix.serving(make_matrix.correct_backends(), "flask", ("mysql",))

    def test_the_sample_has_every_framework_and_every_constraint_set(self):
        rows = make_matrix.sample(make_matrix.matrix())
        self.assertEqual({row[0] for row in rows}, set(make_matrix.FRAMEWORKS))
        without_orm = {tuple(each for each in constraints if each not in ("sqlalchemy", "sequelize"))
                       + (len(constraints),) for _, constraints, _ in rows}
        self.assertEqual(len(without_orm), 10)

    def test_the_batch_names_task_files_of_the_papers_shape(self):
        batch = make_matrix.write(self.out, make_matrix.sample(make_matrix.matrix()))
        for line in self.lines(batch):
            task = json.loads(Path(line["task"]).read_text(encoding="utf-8"))
            self.assertEqual(task["name"], line["id"])
            self.assertTrue(Path(task["postmanCollection"]).is_file())
            self.assertTrue((Path(line["source"]["dir"]) / "run.sh").is_file())

    def test_given_task_files_are_used_and_a_missing_one_is_named(self):
        rows = make_matrix.sample(make_matrix.matrix())
        with self.assertRaisesRegex(FileNotFoundError, "uv-aiohttp-openapi-unconstrained.json"):
            make_matrix.write(self.out / "none", rows, self.out / "tasks")
        make_matrix.write(self.out, rows)
        batch = make_matrix.write(self.out / "again", rows, self.out / "tasks")
        self.assertTrue(all(line["task"].startswith(str(self.out.resolve() / "tasks")) for line in self.lines(batch)))

    def test_the_expectation_has_the_rules_of_the_task_not_those_of_the_backend(self):
        rows = make_matrix.matrix()
        make_matrix.write(self.out, rows, wrong=make_matrix.violations())

        def expected(name):
            return json.loads((self.out / f"expected/{name}.json").read_text(encoding="utf-8"))
        self.assertEqual(expected("koa-openapi-postgres")["structure"], {"database": True})
        self.assertEqual(expected("koa-openapi-unconstrained")["structure"], {})
        wrong = expected("koa-openapi-clean_architecture-postgres-sequelize-with-koa-sqlite-sequelize")
        self.assertEqual(wrong["structure"], {"clean_architecture": True, "database": False, "orm": True})
        self.assertFalse(wrong["succeeded"])
        self.assertEqual(len(list((self.out / "expected").iterdir())), 88)


if __name__ == "__main__":
    unittest.main()
