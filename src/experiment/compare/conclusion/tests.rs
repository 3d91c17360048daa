//! The conclusions, word for word.

use super::findings::{DataUsed, Findings, LossFindings};
use super::paragraph::conclude;
use crate::error::Divergence;
use crate::run::{DivergedLoss, DivergedRun};
use crate::stats::{paired_difference, points};

const FULL: DataUsed<'_> = DataUsed {
    file: "data/fashion-mnist_train.csv",
    train: (57_000, 57_000),
    validation: 3_000,
    unseen: false,
    sample: false,
};

fn loss<'a>(name: &'a str, values: &'a [f64], seconds: &'a [f64]) -> LossFindings<'a> {
    LossFindings { name, values, train_seconds: seconds, collapsed: 0, collapsed_after: 0 }
}

fn findings<'a>(losses: &'a [LossFindings<'a>]) -> Findings<'a> {
    Findings {
        metric: "1-NN accuracy",
        seeds: &[2022, 1, 2, 3][..losses[0].values.len()],
        losses,
        diverged: &[],
        data: FULL,
        unequal: false,
        tuned: &[],
    }
}

fn conclusion(losses: &[LossFindings<'_>]) -> String {
    conclude(&findings(losses))
}

#[test]
fn a_loss_is_called_better_if_the_interval_excludes_zero() {
    let losses = [
        loss("contrastive", &[0.785, 0.801, 0.789], &[48.0, 47.0, 49.0]),
        loss("cross-entropy", &[0.861, 0.868, 0.857], &[30.0, 31.0, 29.0]),
    ];
    assert_eq!(
        conclusion(&losses),
        "Over 3 seeds, cross-entropy reached the higher mean 1-NN accuracy: 86.20 % against \
         79.17 % of contrastive, 7.03 points more. The 95 % interval of the paired difference is \
         5.81 to 8.26 points and excludes zero: with these settings and data, cross-entropy is \
         better than contrastive. A run of cross-entropy trained in 30.0 s, contrastive in 48.0 s \
         (1.6 times as long). Measured on 57,000 training and 3,000 validation images of \
         data/fashion-mnist_train.csv."
    );
}

#[test]
fn the_order_of_the_losses_does_not_matter() {
    let (a, b) = (
        loss("contrastive", &[0.785, 0.801, 0.789], &[48.0, 47.0, 49.0]),
        loss("cross-entropy", &[0.861, 0.868, 0.857], &[30.0, 31.0, 29.0]),
    );
    assert_eq!(conclusion(&[a, b]), conclusion(&[b, a]));
}

#[test]
fn an_interval_that_includes_zero_gives_no_verdict_and_its_width() {
    let losses = [
        loss("contrastive", &[0.86, 0.84, 0.85], &[30.0; 3]),
        loss("cross-entropy", &[0.85, 0.86, 0.87], &[30.5; 3]),
    ];
    let text = conclusion(&losses);
    assert_eq!(
        text,
        "Over 3 seeds, cross-entropy reached the higher mean 1-NN accuracy: 86.00 % against \
         85.00 % of contrastive, 1.00 points more. The 95 % interval of the paired difference is \
         −3.30 to 5.30 points and includes zero: these 3 seeds do not show which loss is \
         better. The interval is 8.61 points wide; more seeds (--seeds) make it narrower. A run \
         of cross-entropy trained in 30.5 s, contrastive in 30.0 s (about as long). Measured on \
         57,000 training and 3,000 validation images of data/fashion-mnist_train.csv."
    );
    assert!(!text.contains("better than"));
}

#[test]
fn one_seed_gives_no_verdict_and_a_hint_to_use_more() {
    let losses = [loss("contrastive", &[0.782], &[60.0]), loss("cross-entropy", &[0.855], &[30.0])];
    let data = DataUsed {
        file: "data/sample.csv.gz",
        train: (5_700, 5_700),
        validation: 300,
        unseen: false,
        sample: true,
    };
    let text = conclude(&Findings {
        metric: "1-NN accuracy",
        seeds: &[2022],
        losses: &losses,
        diverged: &[],
        data,
        unequal: false,
        tuned: &[],
    });
    assert_eq!(
        text,
        "With the single seed 2022, cross-entropy reached the higher 1-NN accuracy: 85.50 % \
         against 78.20 % of contrastive, 7.30 points more. One seed cannot tell a difference from \
         chance; use several with --seeds. A run of cross-entropy trained in 30.0 s, contrastive in \
         60.0 s (2.0 times as long). Measured on 5,700 training and 300 validation images of \
         data/sample.csv.gz, the shipped sample; results on the full set differ."
    );
}

#[test]
fn a_difference_without_spread_is_not_called_better() {
    // 0.87 − 0.81 and 0.86 − 0.80 differ in their last bit.
    let losses = [
        loss("contrastive", &[0.80, 0.81], &[20.0; 2]),
        loss("cross-entropy", &[0.86, 0.87], &[40.0; 2]),
    ];
    assert_eq!(
        conclusion(&losses),
        "Over 2 seeds, cross-entropy reached the higher mean 1-NN accuracy: 86.50 % against \
         80.50 % of contrastive, 6.00 points more. The difference is the same for all 2 seeds, so \
         there is no spread to compute an interval from: this does not show which loss is better; \
         more seeds (--seeds) may. A run of cross-entropy trained in 40.0 s, \
         contrastive in 20.0 s (0.50 times as long). Measured on 57,000 training and 3,000 \
         validation images of data/fashion-mnist_train.csv."
    );
}

#[test]
fn equal_means_are_reported_as_the_same() {
    let losses = [loss("a", &[0.80, 0.82], &[9.0; 2]), loss("b", &[0.82, 0.80], &[9.0; 2])];
    let text = conclusion(&losses);
    assert!(
        text.starts_with("Over 2 seeds, a and b reached the same mean 1-NN accuracy, 81.00 %.")
    );
    assert!(text.contains("includes zero"), "{text}");
}

#[test]
fn each_of_several_losses_is_compared_with_the_best() {
    let losses = [
        loss("contrastive", &[0.785, 0.801, 0.789], &[48.0; 3]),
        loss("cross-entropy", &[0.861, 0.868, 0.857], &[30.0; 3]),
        loss("triplet", &[0.862, 0.855, 0.860], &[60.0; 3]),
    ];
    assert_eq!(
        conclusion(&losses),
        "Over 3 seeds, cross-entropy reached the highest mean 1-NN accuracy of 3 losses, 86.20 %. \
         Against triplet (85.90 %) it has 0.30 points more, 95 % interval of the paired difference \
         −1.87 to 2.47, p = 0.61: inconclusive. Against contrastive (79.17 %) it has 7.03 points \
         more, 95 % interval of the paired difference 5.81 to 8.26, p = 0.0049: better, with these \
         settings and data. Better means p below 0.05 after Holm's correction for all pairs of \
         losses; the 95 % intervals are not corrected. Ranked first in a bootstrap over the seeds: \
         cross-entropy in 70 %, triplet in 30 %. A run of \
         cross-entropy trained in 30.0 s, triplet in 60.0 s (2.0 times as long), contrastive in \
         48.0 s (1.6 times as long). Measured on 57,000 training and 3,000 validation images of data/fashion-mnist_train.csv."
    );
}

#[test]
fn several_losses_with_one_seed_are_listed_without_a_verdict() {
    let losses = [loss("a", &[0.5], &[1.0]), loss("b", &[0.7], &[1.0]), loss("c", &[0.6], &[1.0])];
    let text = conclusion(&losses);
    assert!(text.starts_with(
        "With the single seed 2022, b reached the highest 1-NN accuracy of 3 losses, \
         70.00 %. The others: c 60.00 %, a 50.00 %. One seed cannot tell"
    ));
    assert!(!text.contains("better"), "{text}");
}

#[test]
fn a_single_loss_is_not_compared() {
    let text = conclusion(&[loss("contrastive", &[0.785, 0.801, 0.789], &[48.0; 3])]);
    assert_eq!(
        text,
        "Over 3 seeds, contrastive reached a mean 1-NN accuracy of 79.17 % (95 % interval 77.10 % \
         to 81.24 %); with one loss there is nothing to compare. Measured on 57,000 training and \
         3,000 validation images of data/fashion-mnist_train.csv."
    );
}

#[test]
fn a_bound_close_to_zero_is_not_shown_as_zero() {
    assert_eq!(points(0.000_02), "0.0020");
    assert_eq!(points(-0.000_000_3), "−0.00003000");
    assert_eq!(points(0.0), "0.00");
    assert_eq!(points(-0.0703), "−7.03");
}

#[test]
fn the_verdict_is_better_exactly_if_the_interval_excludes_zero() {
    for step in 0..200 {
        let shift = step as f64 * 0.0005;
        let (a, b) = ([0.80, 0.83, 0.81], [0.79 + shift, 0.82 + shift, 0.83 + shift]);
        let text = conclusion(&[loss("a", &a, &[1.0; 3]), loss("b", &b, &[1.0; 3])]);
        let (low, high) = paired_difference(&b, &a).interval.unwrap();
        assert_eq!(text.contains("is better than"), low > 0.0 || high < 0.0, "{text}");
    }
}

#[test]
fn a_loss_with_collapsed_runs_is_named() {
    let triplet = |collapsed| LossFindings {
        collapsed,
        collapsed_after: 2230,
        ..loss("triplet", &[0.10, 0.31, 0.12], &[30.0, 30.0, 30.0])
    };
    let other = loss("cross-entropy", &[0.86, 0.85, 0.87], &[30.0, 30.0, 30.0]);
    let all = conclusion(&[triplet(3), other]);
    assert!(all.contains("triplet collapsed in all its 3 runs: the network maps"), "{all}");
    let some = conclusion(&[triplet(2), other]);
    assert!(some.contains("triplet collapsed in 2 of its 3 runs: the network maps"), "{some}");
    assert!(!conclusion(&[triplet(0), other]).contains("collapsed"));
}

#[test]
fn a_collapse_after_few_steps_comes_with_its_caveat() {
    let of = |name, collapsed_after| LossFindings {
        collapsed: 2,
        collapsed_after,
        ..loss(name, &[0.1, 0.1], &[1.0; 2])
    };
    let text = conclusion(&[of("a", 9), of("b", 4)]);
    let caveat = "after only 9 training steps BatchNorm's running statistics may lag behind: train \
                  longer (--epochs) before you judge.";
    assert!(text.contains(&format!("can do. But {caveat}")), "{text}");
    let text = conclusion(&[of("a", 9), of("b", 2230)]);
    assert!(text.contains(&format!("can do. But for a, {caveat}")), "{text}");
    assert!(!conclusion(&[of("a", 2230)]).contains("But"));
}

#[test]
fn equal_means_of_several_losses_are_reported_as_the_same() {
    let tied = [loss("a", &[0.8, 0.7], &[1.0; 2]), loss("b", &[0.7, 0.8], &[1.0; 2])];
    let all = [tied[0], tied[1], loss("c", &[0.75, 0.75], &[1.0; 2])];
    let text = conclusion(&all);
    assert!(
        text.starts_with("Over 2 seeds, a, b and c reached the same mean 1-NN accuracy, 75.00 %."),
        "{text}"
    );
    assert!(
        text.contains("Against b (75.00 %) the mean of a is the same, 95 % interval"),
        "{text}"
    );
    assert!(!text.contains("0.00 points more") && !text.contains("highest"), "{text}");
    let two = conclusion(&[tied[0], tied[1], loss("c", &[0.5, 0.6], &[1.0; 2])]);
    let start = "Over 2 seeds, a and b reached the same mean 1-NN accuracy, 75.00 %, the highest of \
                 3 losses.";
    assert!(two.starts_with(start) && two.contains("Against c (55.00 %) it has 20.00"), "{two}");
}

#[test]
fn a_loss_that_diverged_is_named_beside_the_verdict_on_the_others() {
    let gaps = [DivergedLoss {
        loss: "triplet".to_owned(),
        diverged: vec![DivergedRun {
            seed: 2,
            folder: Default::default(),
            divergence: Divergence { why: "NaN".to_owned(), remedy: "try less".to_owned() },
        }],
        finished: vec![Default::default()],
    }];
    let losses = [loss("a", &[0.8, 0.7], &[0.0; 2]), loss("b", &[0.5, 0.6], &[0.0; 2])];
    let text = |diverged: &[DivergedLoss]| {
        let seeds = &[1, 2][..];
        let (metric, unequal) = ("MAP@R", false);
        conclude(&Findings { metric, seeds, diverged, unequal, ..findings(&losses) })
    };
    let with_gap = text(&gaps);
    assert!(with_gap.starts_with("Over 2 seeds, a reached the higher mean MAP@R"), "{with_gap}");
    assert!(
        with_gap.contains("Diverged: triplet in 1 of 2 runs (seed 2); it has no figures"),
        "{with_gap}"
    );
    assert!(!text(&[]).contains("Diverged"));
}

#[test]
fn collapsed_losses_share_one_sentence() {
    let of = |name, collapsed| LossFindings {
        collapsed,
        collapsed_after: 2230,
        ..loss(name, &[0.1, 0.1], &[1.0; 2])
    };
    let text = conclusion(&[of("a", 2), of("b", 2), of("c", 2), of("d", 0)]);
    assert!(text.contains("a, b and c each collapsed in both its runs: the network"), "{text}");
    assert_eq!(text.matches("collapsed").count(), 1, "{text}");
    let text = conclusion(&[of("a", 2), of("b", 2), of("c", 2)]);
    assert!(text.contains("Every loss collapsed in both its runs: the network"), "{text}");
    let text = conclusion(&[of("a", 1), of("b", 2), of("c", 0)]);
    assert!(text.contains("Collapsed: a in 1 of its 2 runs; b in both its runs: the"), "{text}");
}

#[test]
fn many_losses_are_grouped_so_that_the_conclusion_stays_short() {
    let names: Vec<String> = (0..15).map(|index| format!("loss-{index:02}")).collect();
    let value =
        |index, seed| 0.9 + 0.002 * f64::from(seed) - 0.02 * index + 1e-4 * index * f64::from(seed);
    let values: Vec<[f64; 3]> =
        (0..15).map(f64::from).map(|index| [0, 1, 2].map(|seed| value(index, seed))).collect();
    let mut losses: Vec<LossFindings<'_>> =
        names.iter().zip(&values).map(|(name, values)| loss(name, values, &[2.0; 3])).collect();
    // The second varies, so that its difference is within the spread of the seeds.
    losses[1].values = &[0.89, 0.91, 0.89];
    let text = conclusion(&losses);
    let close = "These seeds do not show whether loss-00 is better than loss-01";
    assert!(text.contains(close), "{text}");
    assert!(text.len() < 1200, "{}: {text}", text.len());
    assert!(!text.contains("Against loss-"), "{text}");
    losses.iter_mut().for_each(|loss| loss.values = &loss.values[..1]);
    let text = conclusion(&losses);
    assert!(text.contains("The lowest is loss-14 with 62.00 %. One seed cannot tell"), "{text}");
    assert!(!text.contains("interval"), "{text}");
}

#[test]
fn one_image_is_singular() {
    let data = DataUsed { train: (1, 1), validation: 1, ..FULL };
    let text = |unseen| {
        let data = DataUsed { unseen, ..data };
        let losses = [loss("a", &[0.5], &[1.0])];
        let (metric, seeds, unequal) = ("MAP@R", &[1][..], false);
        let diverged = &[];
        conclude(&Findings { metric, seeds, diverged, data, unequal, ..findings(&losses) })
    };
    assert!(text(false).contains("Measured on 1 training image and 1 validation image of data"));
    assert!(text(true).contains("Measured on 1 training image and 1 of unseen classes of data"));
}

#[test]
fn a_loss_that_was_tuned_on_its_evaluation_images_is_named() {
    let losses = [
        loss("a", &[0.80, 0.82, 0.81], &[9.0; 3]),
        loss("a (tuned)", &[0.84, 0.85, 0.86], &[9.0; 3]),
    ];
    let findings = Findings { tuned: &[("a (tuned)", 2022)], ..findings(&losses) };
    let text = conclude(&findings);
    let warning = "a (tuned) was tuned on the validation images of seed 2022, so its result there is \
                   optimistic: leave 2022 out of --seeds.";
    assert!(text.contains(warning), "{text}");
    assert!(!conclusion(&losses).contains("tuned on"), "{text}");
}
