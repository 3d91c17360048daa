//! The ranking of losses, and its uncertainty.

use serde::{Deserialize, Serialize};

use crate::files::is_share;
use crate::report::table::Table;
use crate::run::DivergedLoss;
use crate::stats::{
    DIFFERENCES, Ends, Estimate, LEAST_SEEDS, SHARES, all_pairs, estimate, paired_difference,
    rank_probabilities, shown_p,
};
use crate::words::MISSING;

/// One loss against the best, by one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankedLoss {
    /// Its index in the list of losses.
    pub loss: usize,
    /// Its mean over the seeds with the 95 % t-interval.
    pub estimate: Estimate,
    /// Paired difference of the best from this one; `None` for the best itself.
    pub behind: Option<Estimate>,
    /// p-value of this difference by a paired t-test, Holm-corrected for all pairs of losses; `None`
    /// for the best itself, and if there is no spread.
    pub p: Option<f64>,
    /// Probability of each rank in a bootstrap over the seeds; empty for fewer than [`LEAST_SEEDS`],
    /// or if a value is missing.
    pub ranks: Vec<f64>,
}

impl RankedLoss {
    /// Whether its numbers are possible, for this number of losses.
    pub fn fits(&self, losses: usize) -> bool {
        self.loss < losses
            && matches!(self.ranks.len(), count if count == 0 || count == losses)
            && self.estimate.fits(SHARES)
            && self.behind.is_none_or(|behind| behind.fits(DIFFERENCES))
            && self.p.iter().chain(&self.ranks).all(|&probability| is_share(probability))
    }

    /// Whether one of its intervals exceeds the possible range.
    pub fn exceeds_range(&self) -> bool {
        let behind = self.behind.is_some_and(|behind| behind.exceeds(DIFFERENCES));
        self.estimate.exceeds(SHARES) || behind
    }
}

/// Ranks losses by their means, highest first; equal means keep their order.
///
/// # Shapes
/// values `[losses][seeds]`
pub fn rank(values: &[Vec<f64>]) -> Vec<RankedLoss> {
    let seeds = values.first().map_or(0, Vec::len);
    let p = all_pairs(values);
    let is_complete = values.iter().flatten().all(|value| !value.is_nan());
    let ranks = match seeds >= LEAST_SEEDS && is_complete {
        true => rank_probabilities(values),
        false => vec![Vec::new(); values.len()],
    };
    let mut order: Vec<usize> = (0..values.len()).collect();
    let mean = |loss: usize| Some(estimate(&values[loss]).mean).filter(|mean| !mean.is_nan());
    // Losses without a mean come last.
    order.sort_by(|&a, &b| {
        let key = |loss: usize| mean(loss).unwrap_or(f64::NEG_INFINITY);
        key(b).total_cmp(&key(a))
    });
    let best = order[0];
    let ranked = |loss: usize| RankedLoss {
        loss,
        estimate: estimate(&values[loss]),
        behind: (loss != best).then(|| paired_difference(&values[best], &values[loss])),
        p: p[best][loss],
        ranks: ranks[loss].clone(),
    };
    order.into_iter().map(ranked).collect()
}

/// Whether a ranking contains each of this number of losses once.
pub fn ranks_all(ranking: &[RankedLoss], losses: usize) -> bool {
    let mut losses_ranked: Vec<usize> = ranking.iter().map(|ranked| ranked.loss).collect();
    losses_ranked.sort_unstable();
    losses_ranked.into_iter().eq(0..losses) && ranking.iter().all(|ranked| ranked.fits(losses))
}

/// Why the ranking for this number of seeds has no probabilities of ranks; `None` if it has them.
pub fn no_ranks(seeds: usize) -> Option<String> {
    (seeds < LEAST_SEEDS).then(|| {
        format!(
            "P(1st), the probability of ranking first with other seeds, takes {LEAST_SEEDS} seeds or \
             more (--seeds)."
        )
    })
}

/// Maximum number of rank probabilities in a table.
const MAX_RANKS: usize = 3;

/// The table of a ranking, in percent; diverged losses come last.
pub fn ranking_table(
    metric: &str,
    (names, diverged): (&[String], &[DivergedLoss]),
    ranking: &[RankedLoss],
    ends: Ends,
) -> Table {
    // Earlier versions computed ranks for two seeds, too.
    let first = ranking.first().filter(|ranked| ranked.estimate.n >= LEAST_SEEDS);
    let ranks = first.map_or(0, |ranked| ranked.ranks.len()).min(MAX_RANKS);
    // With one seed there is no interval.
    let several = ranking.iter().any(|ranked| ranked.estimate.interval.is_some());
    let mut header = vec![
        format!("by {metric}"),
        if several { "mean [95 %], %" } else { "value, %" }.to_owned(),
        "behind the best, points".to_owned(),
        "p (Holm)".to_owned(),
    ];
    header.extend(["P(1st)", "P(2nd)", "P(3rd)"].iter().take(ranks).map(|&name| name.to_owned()));
    let mut table = Table::new(header);
    for RankedLoss { loss, estimate, behind, p, ranks: probabilities } in ranking {
        let mut row = vec![
            names[*loss].clone(),
            estimate.with(ends, SHARES).percent(),
            behind.map_or("–".to_owned(), |behind| behind.with(ends, DIFFERENCES).percent()),
            p.map_or("–".to_owned(), shown_p),
        ];
        row.extend(probabilities.iter().take(ranks).map(|probability| format!("{probability:.2}")));
        table.push(row);
    }
    for loss in diverged {
        let mut row = vec![loss.loss.clone(), loss.shown()];
        row.resize(table.header.len(), MISSING.to_owned());
        table.push(row);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_ranked_by_their_means_each_against_the_best() {
        let values = [vec![0.70, 0.72, 0.71], vec![0.90, 0.91, 0.905], vec![0.89, 0.91, 0.90]];
        let found = rank(&values);
        assert_eq!(found.iter().map(|s| s.loss).collect::<Vec<_>>(), [1, 2, 0]);
        assert!(found[0].behind.is_none() && found[0].p.is_none());
        assert!(found[1].p.unwrap() > 0.05 && found[2].p.unwrap() < 0.01);
        assert!((found[2].behind.unwrap().mean - 0.195).abs() < 1e-9);
        let names = ["a", "b", "c"].map(str::to_owned);
        let table = ranking_table("1-NN accuracy", (&names, &[]), &found, Ends::Clipped);
        assert_eq!(table.rows[0][0], "b");
        assert!(table.rows[2][2].starts_with("19.50 [") && table.rows[2][4] == "0.00");
    }

    #[test]
    fn two_seeds_give_no_probabilities_of_ranks_and_the_reason() {
        let mut found = rank(&[vec![0.7, 0.71], vec![0.8, 0.82]]);
        assert!(found.iter().all(|ranked| ranked.ranks.is_empty()));
        assert!(no_ranks(2).unwrap().contains("takes 3 seeds or more"));
        assert_eq!(no_ranks(3), None);
        // As earlier versions wrote it.
        found.iter_mut().for_each(|ranked| ranked.ranks = vec![0.5, 0.5]);
        let names = ["a", "b"].map(str::to_owned);
        let table = ranking_table("MAP@R", (&names, &[]), &found, Ends::Clipped);
        assert!(!table.header.contains(&"P(1st)".to_owned()), "{:?}", table.header);
    }

    #[test]
    fn one_seed_gives_a_ranking_without_uncertainty() {
        let found = rank(&[vec![0.7], vec![0.8]]);
        assert_eq!((found[0].loss, found[1].p, found[1].ranks.len()), (1, None, 0));
        let names = ["a", "b"].map(str::to_owned);
        let table = ranking_table("MAP@R", (&names, &[]), &found, Ends::Clipped);
        assert_eq!(table.rows[1], ["a", "70.00", "10.00", "–"]);
        assert_eq!(table.header[1], "value, %", "there is no interval");
    }

    #[test]
    fn a_loss_without_a_mean_ranks_last_without_a_difference() {
        let found = rank(&[vec![f64::NAN, 0.9], vec![0.5, 0.6], vec![0.7, 0.75]]);
        assert_eq!(found.iter().map(|s| s.loss).collect::<Vec<_>>(), [2, 1, 0]);
        assert!(found.iter().all(|ranked| ranked.ranks.is_empty()));
        let names = ["a", "b", "c"].map(str::to_owned);
        let table = ranking_table("MAP@R", (&names, &[]), &found, Ends::Clipped);
        assert_eq!(table.rows[2], ["a", "–", "–", "–"]);
    }

    #[test]
    fn p_values_are_rounded() {
        let shown = [1e-9, 0.00123, 0.04999, 0.05, 0.051, 0.5, 1.0].map(shown_p);
        assert_eq!(shown, ["< 0.0001", "0.0012", "0.0499", "0.0500", "0.0510", "0.50", "1.00"]);
    }
}
