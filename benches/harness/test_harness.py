"""Tests of the harness that need no peers and no measurement. Run: make check."""
import sys
import unittest

from harness import BenchError, results
from harness.compare import Sample, exponent, in_turn, number, pairwise, ratio, row
from harness.process import run
from harness.settings import parse


def a_row(ours=(1.0, 2.0, 9.0), peer=(4.0, 4.0, 6.0), goal=None):
    samples = {name: [Sample(dict(seconds=value), 100.0 + value) for value in values]
               for name, values in (("dml", ours), ("other", peer))}
    return row("some work", "s", "seconds", samples, "dml", "other", goal)


def a_stage(**changed):
    stage = dict(when="2026-01-02T03:04:05", rounds=3, load=0.5, machine=dict(processor="one", cores="2"),
                 versions=dict(dml="1"), rows=[a_row()])
    return {**stage, **changed}


class Comparing(unittest.TestCase):
    def test_contestants_take_turns(self):
        order = []
        measure = lambda name: lambda: order.append(name) or Sample(dict(seconds=1.0), 1.0)
        in_turn("test", dict(a=measure("a"), b=measure("b")), 3)
        self.assertEqual("".join(order), "ababab")

    def test_the_ratio_is_that_of_medians_and_each_round_has_its_own(self):
        self.assertEqual(ratio(a_row()), 0.5)
        self.assertEqual(pairwise(a_row()), [0.25, 0.5, 1.5])

    def test_exponents_are_0_1_and_2_for_constant_linear_and_quadratic_and_skip_missing_values(self):
        sizes = [1, 10, 100]
        for power in (0, 1, 2):
            self.assertAlmostEqual(exponent(sizes, [3 * size ** power for size in sizes]), power)
        self.assertAlmostEqual(exponent(sizes, [None, 10, 100]), 1)
        self.assertIsNone(exponent(sizes, [None, None, 100]))

    def test_numbers_have_three_significant_digits(self):
        self.assertEqual([number(value) for value in (1234.5, 12.345, 1.2345, 0.12345, 0.012345)],
                         ["1,234", "12.3", "1.23", "0.123", "0.0123"])


class Processes(unittest.TestCase):
    def test_output_time_and_memory_are_those_of_the_process(self):
        block = 200_000_000
        done = run([sys.executable, "-c", f"import json; b = bytearray({block}); print('x'); print(json.dumps(7))"])
        self.assertEqual(done.last_json, 7)
        self.assertTrue(200 <= done.peak_mb < 300, done.peak_mb)

    def test_output_of_several_lines_is_parsed_as_json_and_other_output_is_an_error(self):
        self.assertEqual(run([sys.executable, "-c", "print('{'); print('\"a\": 1}')"]).json, dict(a=1))
        with self.assertRaisesRegex(BenchError, "no JSON:\nwords"):
            run([sys.executable, "-c", "print('words')"]).json

    def test_the_error_of_a_failed_process_has_the_end_of_its_stderr(self):
        with self.assertRaisesRegex(BenchError, "(?s)exit code 3: .*last words"):
            run([sys.executable, "-c", "import sys; print('last words', file=sys.stderr); sys.exit(3)"])


class Writing(unittest.TestCase):
    def test_a_row_has_median_range_ratio_rounds_and_memory(self):
        text = results.render(dict(csv=a_stage(rows=[a_row(goal=0.4)])))
        self.assertIn("| some work | 2.00 s (1.00–9.00) | other 4.00 s (4.00–6.00) | 0.50 (goal: 0.40) "
                      "| 0.50 (0.25–1.50) | 109 / 106 |", text)

    def test_stages_not_measured_are_listed(self):
        self.assertIn("- Training step (`ONLY=step`)", results.render(dict(csv=a_stage())))
        self.assertIn("- CSV to tensors (`ONLY=csv`)", results.render({}))

    def test_a_stage_of_another_machine_or_version_says_so(self):
        older = a_stage(when="2025-01-01T00:00:00", machine=dict(processor="two", cores="4"), versions=dict(dml="0"))
        text = results.render(dict(csv=a_stage(), embed=older))
        self.assertIn("on another machine (two, 4 cores), with dml 0", text)
        self.assertEqual(text.count("another machine"), 1)


class Options(unittest.TestCase):
    def test_an_unknown_stage_and_a_missing_file_are_errors(self):
        with self.assertRaisesRegex(BenchError, "ONLY=stepp: unknown stage; use csv, step"):
            parse(["csv", "step"], ["--only", "csv,stepp"])
        with self.assertRaisesRegex(BenchError, "nowhere.csv is missing: .*DATA=FILE"):
            parse(["csv"], ["--data", "nowhere.csv"])


if __name__ == "__main__":
    unittest.main()
