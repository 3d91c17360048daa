//! Losses whose runs collapsed: their results show failed training.

use super::findings::LossFindings;
use crate::stats::listed;
use crate::train::collapsed_early;

/// One sentence about all losses with collapsed runs.
pub fn collapse(losses: &[LossFindings<'_>]) -> Option<String> {
    let collapsed: Vec<&LossFindings<'_>> =
        losses.iter().filter(|loss| loss.collapsed > 0).collect();
    let runs = |loss: &LossFindings<'_>| match (loss.collapsed, loss.values.len()) {
        (1, 1) => "its run".to_owned(),
        (2, 2) => "both its runs".to_owned(),
        (some, all) if some == all => format!("all its {all} runs"),
        (some, all) => format!("{some} of its {all} runs"),
    };
    let list = match collapsed.as_slice() {
        [] => return None,
        [one] => format!("{} collapsed in {}", one.name, runs(one)),
        [first, ..] if collapsed.iter().all(|loss| runs(loss) == runs(first)) => {
            let names: Vec<&str> = collapsed.iter().map(|loss| loss.name).collect();
            let (every, names) = (collapsed.len() == losses.len(), listed(&names));
            match (every, first.values.len()) {
                (true, 1) => "Every loss collapsed".to_owned(),
                (true, _) => format!("Every loss collapsed in {}", runs(first)),
                (false, 1) => format!("{names} collapsed"),
                (false, _) => format!("{names} each collapsed in {}", runs(first)),
            }
        }
        _ => {
            let each: Vec<String> =
                collapsed.iter().map(|loss| format!("{} in {}", loss.name, runs(loss))).collect();
            format!("Collapsed: {}", each.join("; "))
        }
    };
    let results = if collapsed.len() == 1 { "its results" } else { "their results" };
    let loss = if collapsed.len() == 1 { "the loss" } else { "the losses" };
    let early = early(&collapsed);
    Some(format!(
        "{list}: the network maps all images to nearly one point, so {results} show failed training, \
         not what {loss} can do.{early}"
    ))
}

/// The caveat about losses that collapsed after few training steps; empty if there are none.
fn early(collapsed: &[&LossFindings<'_>]) -> String {
    let early: Vec<&LossFindings<'_>> = collapsed
        .iter()
        .copied()
        .filter(|it| collapsed_early(it.collapsed_after).is_some())
        .collect();
    let longest = early.iter().map(|loss| loss.collapsed_after).max().unwrap_or(0);
    let names: Vec<&str> = early.iter().map(|loss| loss.name).collect();
    match collapsed_early(longest).filter(|_| !early.is_empty()) {
        None => String::new(),
        Some(caveat) if early.len() == collapsed.len() => format!(" But {caveat}."),
        Some(caveat) => format!(" But for {}, {caveat}.", listed(&names)),
    }
}
