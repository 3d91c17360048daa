//! The training times of the losses, relative to that of the best.

use super::findings::LossFindings;
use super::several::MAX_ONE_BY_ONE;
use crate::stats::mean;
use crate::words::rounded;

/// Training times with a smaller ratio are called about equal.
const ABOUT_AS_FAST: f64 = 1.05;

/// Training times relative to that of the best, if they were measured.
pub fn times(best: &LossFindings<'_>, others: &[LossFindings<'_>]) -> Option<String> {
    let base = mean(best.train_seconds);
    if others.is_empty() || base <= 0.0 {
        return None;
    }
    let one = |other: &LossFindings<'_>| {
        let ratio = mean(other.train_seconds) / base;
        let seconds = format!("{} in {} s", other.name, seconds(mean(other.train_seconds)));
        match ratio {
            r if r >= ABOUT_AS_FAST => format!("{seconds} ({r:.1} times as long)"),
            r if r * ABOUT_AS_FAST <= 1.0 => format!("{seconds} ({r:.2} times as long)"),
            _ => format!("{seconds} (about as long)"),
        }
    };
    if others.len() > MAX_ONE_BY_ONE {
        let time = |loss: &&LossFindings<'_>| mean(loss.train_seconds);
        let order = |a: &&LossFindings<'_>, b: &&LossFindings<'_>| time(a).total_cmp(&time(b));
        let ends = [others.iter().min_by(order)?, others.iter().max_by(order)?].map(one);
        let [fastest, slowest] = ends;
        return Some(format!(
            "A run of {} trained in {} s; of the others the fastest was {fastest}, the slowest \
             {slowest}.",
            best.name,
            seconds(base)
        ));
    }
    let others: Vec<String> = others.iter().map(one).collect();
    let (name, base) = (best.name, seconds(base));
    Some(format!("A run of {name} trained in {base} s, {}.", others.join(", ")))
}

/// Seconds with one decimal; below one second, with two.
fn seconds(value: f64) -> String {
    rounded(value, if value < 1.0 { 2 } else { 1 })
}
