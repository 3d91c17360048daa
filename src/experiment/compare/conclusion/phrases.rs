//! Parts of sentences that the conclusions from two losses and from more have in common.

use super::findings::Findings;

/// The metric, or its mean if there are several seeds.
pub fn mean_of(findings: &Findings<'_>) -> String {
    let of_several = if findings.seeds.len() > 1 { "mean " } else { "" };
    format!("{of_several}{}", findings.metric)
}

pub fn over_seeds(findings: &Findings<'_>) -> String {
    match findings.seeds {
        [seed] => format!("With the single seed {seed}"),
        seeds => format!("Over {} seeds", seeds.len()),
    }
}

pub fn one_seed() -> String {
    "One seed cannot tell a difference from chance; use several with --seeds.".to_owned()
}
