"""What the runner counts on. `Benchmarks/run` goes through these before it measures anything."""
import math
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import data
import jobs
import process
import score
import table


class Scores(unittest.TestCase):
    def test_auc_counts_pairs_and_ties_for_half(self):
        self.assertEqual(score.auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 0.75)
        self.assertEqual(score.auc([0, 1], [0.5, 0.5]), 0.5)
        self.assertEqual(score.auc([1, 0, 1, 0], [0.2, 0.2, 0.9, 0.1]), 0.875)
        self.assertTrue(math.isnan(score.auc([1, 1], [0.1, 0.2])))

    def test_auc_is_what_counting_every_pair_gives(self):
        draw = random.Random(1)
        labels = [draw.randrange(2) for _ in range(200)]
        scores = [draw.randrange(20) / 20 for _ in labels]
        pairs = [
            (p > n) + (p == n) / 2
            for i, p in enumerate(scores) if labels[i]
            for j, n in enumerate(scores) if not labels[j]
        ]
        self.assertAlmostEqual(score.auc(labels, scores), sum(pairs) / len(pairs), places=12)

    def test_log_loss_of_a_certain_mistake_is_finite(self):
        self.assertAlmostEqual(score.log_loss([1], [0.0]), -math.log(1e-6))
        self.assertAlmostEqual(score.log_loss([0], [1.0]), -math.log(1e-6), places=9)
        self.assertAlmostEqual(score.log_loss([1, 0], [0.5, 0.5]), math.log(2))

    def test_the_trivial_prediction_knows_only_what_came_before(self):
        self.assertEqual(score.means_so_far([1, 1, 0], 0.5), [0.5, 0.75, 2.5 / 3])
        self.assertEqual(score.absolute_error([1, 3], [2, 2]), 1)
        self.assertEqual(score.accuracy([1, 0, 1], [0.5, 0.5, 0.4]), 1 / 3)

    def test_predictions_that_are_no_numbers_are_an_error(self):
        self.assertIn("error", score.measures("numbers", [1.0], [math.nan]))


class Processes(unittest.TestCase):
    def test_a_process_is_timed_and_its_failure_is_kept(self):
        self.assertEqual(process.run(["sh", "-c", "exit 3"]).status, 3)
        slept = process.run(["sleep", "0.05"])
        self.assertEqual(slept.status, 0)
        self.assertGreaterEqual(slept.wall, 0.05)
        self.assertLess(slept.cpu, 0.05)

    def test_what_takes_too_long_is_ended_with_its_children(self):
        ended = process.run(["sh", "-c", "sleep 60 & sleep 60"], seconds=0.2)
        self.assertEqual(ended.status, -9)

    def test_what_cannot_be_started_has_failed(self):
        self.assertNotEqual(process.run(["/nonexistent"]).status, 0)

    def test_the_runner_hardly_shows_in_the_memory_of_others(self):
        ballast = bytearray(100_000_000)
        self.assertLess(process.smallest_memory(), 20)
        del ballast


class Ratios(unittest.TestCase):
    def test_a_ratio_is_of_the_same_round(self):
        # The machine was slow in the second round, for both.
        self.assertEqual(table.ratio([2.0, 20.0, 2.0], [1.0, 10.0, 1.0]), 2.0)
        self.assertEqual(table.ratio([4.0], [1.0, 100.0]), 4.0)

    def test_like_quality_allows_a_tenth_more_of_what_is_wrong(self):
        self.assertTrue(table.is_like({"mae": 10.9}, {"mae": 10.0}, "mae"))
        self.assertFalse(table.is_like({"mae": 11.1}, {"mae": 10.0}, "mae"))
        self.assertTrue(table.is_like({"accuracy": 0.79}, {"accuracy": 0.8}, "accuracy"))
        self.assertFalse(table.is_like({"accuracy": 0.77}, {"accuracy": 0.8}, "accuracy"))

    def test_a_job_is_compared_with_the_fastest_that_is_as_good(self):
        work = jobs.Workload("w", "w", data.Stream("dense", 10), "log_loss")
        work.weir("weir", ["learn"])
        work.vw("quick", [])
        work.vw("good", [])
        work.vw("two-cores", [], cores=(2,))
        results = []
        for job, wall, loss in zip(work.jobs, (1.0, 2.0, 3.0, 0.5), (0.1, 0.2, 0.1, 0.1)):
            result = table.Result(job)
            result.runs, result.told, result.quality = [process.Run(0, wall)], [{}], {"log_loss": loss}
            results.append(result)
        found = table.comparisons(results[0], results)
        self.assertEqual(found, {"peer": ("good", 3.0), "vw": ("quick", 2.0)})
        # None is as good as this: then the best of them, whatever it takes.
        results[0].quality = {"log_loss": 0.01}
        results[2].quality = {"log_loss": 0.15}
        self.assertEqual(table.comparisons(results[0], results)["peer"], ("good", 3.0))


if __name__ == "__main__":
    unittest.main()
